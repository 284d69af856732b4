import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import type { Entry } from '../entry.js';
import { compareEntries, NEVER, putEntry } from '../entry.js';
import { SortedEntries } from './sorted-entries.js';

/** Few keys and many versions of each, so that versions meet. */
const name = fc.integer({ min: 0, max: 12 }).map((n) => `k${String(n).padStart(2, '0')}`);
const put = fc.record({ name, sequence: fc.integer({ min: 1, max: 30 }) });
const bound = fc.option(name, { nil: undefined });

const entryOf = (key: string, sequence: number): Entry => putEntry(utf8(key), { epoch: 1, sequence }, utf8('v'), NEVER);
const textOf = ({ key, version }: Entry): string => `${Buffer.from(key).toString()}@${version.sequence}`;

describe('sorted entries', () => {
  it('are met once and in order, whatever joins meanwhile, also of the key at hand', () => {
    fc.assert(
      fc.property(
        fc.array(put, { maxLength: 60 }),
        fc.array(put, { maxLength: 20 }),
        fc.record({ start: bound, end: bound, reverse: fc.boolean() }),
        (before, meanwhile, { start, end, reverse }) => {
          const sorted = new SortedEntries();
          const insert = (puts: typeof before) =>
            sorted.insertAll(
              puts.map((one) => entryOf(one.name, one.sequence)),
              () => undefined,
            );
          for (const one of before) insert([one]);
          const joining = [...meanwhile];
          const met: Entry[] = [];
          const keyOf = (bound?: string) => (bound === undefined ? undefined : utf8(bound));
          const range = { start: keyOf(start), end: keyOf(end) };
          for (const entry of sorted.iterate(range, reverse)) {
            met.push(entry);
            insert(joining.splice(0, 1));
          }
          const texts = met.map(textOf);
          const ordered = [...met].sort(compareEntries).map(textOf);
          expect(texts).toEqual(reverse ? ordered.reverse() : ordered);
          expect(new Set(texts).size).toBe(texts.length);
          const isInside = (text: string) => (start ?? '') <= text && (end === undefined || text < end);
          expect(texts.every(isInside)).toBe(true);
          const present = before.filter((one) => isInside(one.name)).map((one) => `${one.name}@${one.sequence}`);
          expect(texts).toEqual(expect.arrayContaining(present));
        },
      ),
    );
  });

  it('are had by key and version, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(put, { maxLength: 60 }), name, fc.integer({ min: 0, max: 31 }), (puts, key, through) => {
        const sorted = new SortedEntries();
        for (const one of puts) sorted.insertAll([entryOf(one.name, one.sequence)], () => undefined);
        const newest = Math.max(
          ...puts.filter((one) => one.name === key && one.sequence <= through).map(({ sequence }) => sequence),
        );
        expect(sorted.get(utf8(key), through)?.version.sequence ?? -Infinity).toBe(newest);
        expect(sorted.size).toBe(new Set(puts.map((one) => `${one.name}@${one.sequence}`)).size);
      }),
    );
  });
});
