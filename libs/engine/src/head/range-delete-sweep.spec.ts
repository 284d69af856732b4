import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { RangeDelete } from '../entry.js';
import { compareKeys, rangeContains } from '../entry.js';
import { RangeDeleteSweep } from './range-delete-sweep.js';

const KEY = fc.uint8Array({ maxLength: 2, max: 5 });
const RANGE = fc.tuple(KEY, fc.option(KEY, { nil: undefined }));

describe('a sweep over range deletes', () => {
  it('names those that cover a key, for keys in order', () => {
    fc.assert(
      fc.property(fc.array(RANGE, { maxLength: 12 }), fc.array(KEY, { maxLength: 12 }), (ranges, keys) => {
        const list = ranges.map(([start, end], i): RangeDelete => {
          return { start, end, version: { epoch: 1, sequence: i + 1 } };
        });
        const sweep = new RangeDeleteSweep(list);
        for (const key of [...keys].sort(compareKeys)) {
          const covering = list.filter((rangeDelete) => rangeContains(rangeDelete, key));
          expect(sweep.at(key)).toEqual(covering.map(({ version }) => version.sequence));
        }
      }),
    );
  });

  it('compares each with few keys, however many are open', () => {
    let looks = 0;
    const list = Array.from({ length: 500 }, (_, i): RangeDelete => {
      const version = { epoch: 1, sequence: i + 1 };
      return {
        start: new Uint8Array(0),
        get end() {
          looks++;
          return new Uint8Array([255]);
        },
        version,
      };
    });
    const sweep = new RangeDeleteSweep(list);
    for (let i = 0; i < 1_000; i++) expect(sweep.at(new Uint8Array([i >> 8, i & 255]))).toHaveLength(500);
    expect(looks).toBeLessThan(5_000);
  });
});
