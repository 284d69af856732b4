import { AssertionError, seededRandom, utf8, VERSION_ZERO } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryCommits, arbitraryKey, plain } from '../../testing/arbitraries.js';
import { memtableOf, texts } from '../../testing/engine-world.js';
import type { Commit, Entry, UsageCounters } from '../entry.js';
import { commitOf, compareEntries, deleteEntry, putEntry } from '../entry.js';
import { Memtable } from './memtable.js';

function at(sequence: number): { epoch: number; sequence: number } {
  return { epoch: 1, sequence };
}

function put(key: string, sequence: number): Entry {
  return putEntry(utf8(key), at(sequence), utf8(String(sequence)));
}

function table(...entries: readonly Entry[]): Memtable {
  return memtableOf(entries.map((entry) => commitOf(entry.version, [entry])));
}

describe('a memtable', () => {
  it('is empty at first', () => {
    const memtable = new Memtable();
    expect(memtable.isEmpty).toBe(true);
    expect(memtable.lastVersion).toEqual(VERSION_ZERO);
    expect(memtable.get(utf8('a'))).toBeUndefined();
    expect([...memtable.entries()]).toEqual([]);
    expect([...memtable.entries({}, true)]).toEqual([]);
  });

  it('answers with the newest version, or the newest up to a sequence', () => {
    const memtable = table(put('a', 1), put('b', 2), deleteEntry(utf8('a'), at(3)), put('a', 5));
    expect(memtable.get(utf8('a'))?.version).toEqual(at(5));
    expect(memtable.get(utf8('a'), 4)?.kind).toBe('delete');
    expect(memtable.get(utf8('a'), 2)?.version).toEqual(at(1));
    expect(memtable.get(utf8('b'), 1)).toBeUndefined();
    expect(memtable.lastVersion).toEqual(at(5));
  });

  it('counts a commit without entries', () => {
    const memtable = memtableOf([commitOf(at(7), [])]);
    expect(memtable.isEmpty).toBe(false);
    expect(memtable.lastVersion).toEqual(at(7));
  });

  it('is not changed by a commit that it has', () => {
    const memtable = table(put('a', 1), put('a', 2));
    const before = { size: memtable.size, sizeBytes: memtable.sizeBytes };
    memtable.put(commitOf(at(1), [put('a', 1)]));
    expect({ size: memtable.size, sizeBytes: memtable.sizeBytes }).toEqual(before);
    expect(memtable.lastVersion).toEqual(at(2));
  });

  it('iterates within its range, also over what came between the making of the iterator and its first step', () => {
    const memtable = table(put('b', 1), put('d', 2), put('f', 3));
    const forwards = memtable.entries({ start: utf8('d') });
    const backwards = memtable.entries({ end: utf8('d') }, true);
    const all = memtable.entries({}, true);
    memtable.put(commitOf(at(4), [put('a', 4), put('c', 4)]));
    expect(texts([...forwards])).toEqual(['d=2', 'f=3']);
    expect(texts([...backwards])).toEqual(['c=4', 'b=1', 'a=4']);
    expect(texts([...all])).toEqual(['f=3', 'd=2', 'c=4', 'b=1', 'a=4']);
  });

  it('refuses commits once it is frozen', () => {
    const memtable = table(put('a', 1)).freeze();
    expect(() => memtable.put(commitOf(at(2), []))).toThrow(AssertionError);
  });

  it('keeps every version in order, whatever was put in which order', () => {
    fc.assert(
      fc.property(
        arbitraryCommits,
        fc.option(arbitraryKey, { nil: undefined }),
        fc.option(arbitraryKey, { nil: undefined }),
        (commits, start, end) => {
          const memtable = memtableOf(commits);
          // Later entries of the same key in the same commit replace earlier ones.
          const unique = new Map(
            commits
              .flatMap(({ entries }) => entries)
              .map((entry) => [`${plain(entry).key}@${entry.version.sequence}`, entry]),
          );
          const expected = [...unique.values()]
            .filter(({ key }) => start === undefined || Buffer.compare(key, start) >= 0)
            .filter(({ key }) => end === undefined || Buffer.compare(key, end) < 0)
            .sort(compareEntries)
            .map(plain);
          expect([...memtable.entries({ start, end })].map(plain)).toEqual(expected);
          expect([...memtable.entries({ start, end }, true)].map(plain)).toEqual(expected.reverse());
          expect(memtable.size).toBe(unique.size);
        },
      ),
    );
  });

  it('holds thousands of keys, ascending, descending and shuffled', () => {
    const random = seededRandom(3);
    const count = 5_000;
    const name = (i: number): string => `k${String(i).padStart(6, '0')}`;
    const ascending = Array.from({ length: count }, (_, i) => i);
    const orders = [
      ascending,
      [...ascending].reverse(),
      ascending
        .map((i) => ({ i, at: random.fraction() }))
        .sort((a, b) => a.at - b.at)
        .map(({ i }) => i),
    ];
    for (const order of orders) {
      const memtable = table(...order.map((i, n) => put(name(i), n + 1)));
      expect([...memtable.entries()].map(({ key }) => Buffer.from(key).toString())).toEqual(ascending.map(name));
      expect(order.every((i, n) => memtable.get(utf8(name(i)))?.version.sequence === n + 1)).toBe(true);
      expect(memtable.get(utf8('k'))).toBeUndefined();
      expect(memtable.get(utf8('l'))).toBeUndefined();
    }
  });

  it.each([false, true])('goes on where it was when entries join during an iteration (reverse: %s)', (reverse) => {
    const count = 2_000;
    const name = (i: number): string => `k${String(i).padStart(6, '0')}`;
    const memtable = table(...Array.from({ length: count }, (_, i) => put(name(2 * i), i + 1)));
    const met: Entry[] = [];
    let sequence = count;
    for (const entry of memtable.entries({}, reverse)) {
      if (entry.version.sequence > count) continue;
      met.push(entry);
      // Before and behind the present place, so that chunks split under the iterator.
      for (const i of [met.length * 7, count - met.length]) {
        sequence++;
        memtable.put(commitOf(at(sequence), [put(name(2 * (i % count) + 1), sequence)]));
      }
    }
    const expected = Array.from({ length: count }, (_, i) => `${name(2 * i)}=${i + 1}`);
    expect(texts(met)).toEqual(reverse ? expected.reverse() : expected);
  });

  it('lists its commits by sequence, whatever order they came in, for feeds', () => {
    const memtable = memtableOf(
      [3, 1, 2, 2].map((sequence) => commitOf(at(sequence), [put(`k${sequence}`, sequence)])),
    );
    const listed = (since: number, most?: number): number[] =>
      memtable.commits(since, most).map(({ version }) => version.sequence);
    expect(listed(0)).toEqual([1, 2, 3]);
    expect(listed(1)).toEqual([2, 3]);
    expect(listed(0, 2)).toEqual([1, 2]);
    expect(listed(3)).toEqual([]);
  });

  it('keeps range deletes and idempotency records in order, each once', () => {
    const commits = [5, 2, 9, 2].map((sequence) =>
      commitOf(at(sequence), [], {
        rangeDeletes: [{ start: utf8('a'), end: undefined, version: at(sequence) }],
        idempotency: { key: utf8(`i${sequence}`), digest: new Uint8Array(16), version: at(sequence), expiresAt: 9 },
      }),
    );
    const memtable = memtableOf(commits);
    expect(memtable.rangeDeletes.map(({ version }) => version.sequence)).toEqual([2, 5, 9]);
    expect(memtable.idempotency.map(({ version }) => version.sequence)).toEqual([2, 5, 9]);
  });

  it('does not change a list of range deletes that was handed out', () => {
    const rangeDelete = (sequence: number): Commit =>
      commitOf(at(sequence), [], { rangeDeletes: [{ start: utf8('a'), end: undefined, version: at(sequence) }] });
    const memtable = memtableOf([rangeDelete(1)]);
    const seen = memtable.rangeDeletes;
    memtable.put(rangeDelete(2));
    expect(seen).toHaveLength(1);
  });

  it('tells time and usage of its last commit, also when older ones come after it', () => {
    const usage = (commits: number): UsageCounters => ({ commits, writeUnits: commits, writtenBytes: commits });
    const memtable = memtableOf([
      commitOf(at(2), [], { committedAt: 20, usage: usage(2) }),
      commitOf(at(1), [], { committedAt: 10, usage: usage(1) }),
    ]);
    expect(memtable.lastCommittedAt).toBe(20);
    expect(memtable.usage).toEqual(usage(2));
  });

  it('answers from large tables, by version too', () => {
    const count = 40_000;
    const name = (i: number): string => `k${(i * 7_919) % count}`;
    const memtable = memtableOf(
      Array.from({ length: count / 500 }, (_, batch) =>
        commitOf(
          at(batch + 1),
          Array.from({ length: 500 }, (_, i) => put(name(batch * 500 + i), batch + 1)),
        ),
      ),
    );
    memtable.put(commitOf(at(500), [put('k7', 500)]));
    for (let i = 0; i < count; i += 97) {
      const sequence = Math.floor(i / 500) + 1;
      if (name(i) === 'k7') continue;
      expect(memtable.get(utf8(name(i)))?.version.sequence).toBe(sequence);
      expect(memtable.get(utf8(name(i)), sequence - 1)).toBeUndefined();
    }
    expect(memtable.get(utf8('k7'))?.version.sequence).toBe(500);
    expect(memtable.get(utf8('k7'), 499)?.version.sequence).toBeLessThan(500);
    expect(memtable.get(utf8('absent'))).toBeUndefined();
  });
});
