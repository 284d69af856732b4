import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryKey, arbitraryRangeDelete } from '../../testing/arbitraries.js';
import type { RangeDelete } from '../entry.js';
import { rangeContains } from '../entry.js';
import { RangeDeleteIndex } from './range-delete-index.js';

const arbitraryList = fc.array(arbitraryRangeDelete, { maxLength: 40 }).map((drawn): readonly RangeDelete[] =>
  // Sequences as commits give them: several of one commit, ascending.
  drawn.map((rangeDelete, i) => ({ ...rangeDelete, version: { epoch: 1, sequence: 1 + (i >>> 1) } })),
);

describe('an index of range deletes', () => {
  it('finds the newest over any key, of commits up to any sequence', () => {
    fc.assert(
      fc.property(arbitraryList, arbitraryKey, fc.nat(25), (list, key, through) => {
        const index = RangeDeleteIndex.of(list);
        const bounds = list.flatMap(({ start, end }) => (end === undefined ? [start] : [start, end]));
        for (const wanted of [key, ...bounds, utf8('')]) {
          for (const limit of [through, Number.MAX_SAFE_INTEGER]) {
            const expected = list.findLast(
              (rangeDelete) => rangeDelete.version.sequence <= limit && rangeContains(rangeDelete, wanted),
            );
            expect(index.covering(wanted, limit)?.version.sequence).toBe(expected?.version.sequence);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is made once for a list', () => {
    const list: readonly RangeDelete[] = [];
    expect(RangeDeleteIndex.of(list)).toBe(RangeDeleteIndex.of(list));
  });

  it('of as many as a head may have is built in milliseconds, however they lie within each other', () => {
    const bound = (n: number): Uint8Array => utf8(String(n).padStart(6, '0'));
    const nested = Array.from({ length: 1_024 }, (_, i) => ({
      start: bound(i),
      end: bound(5_000 - i),
      version: { epoch: 1, sequence: i + 1 },
    }));
    const index = RangeDeleteIndex.of(nested);
    expect(index.covering(bound(2_000), Number.MAX_SAFE_INTEGER)?.version.sequence).toBe(1_024);
    expect(index.covering(bound(4_990), Number.MAX_SAFE_INTEGER)?.version.sequence).toBe(10);
    expect(index.covering(bound(5_000), Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });
});
