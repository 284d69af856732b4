import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  formatInternalDeleteRangeQuery,
  parseDeleteRangeQuery,
  parseInternalDeleteRangeQuery,
} from './delete-range-query.js';

describe('the query of a range delete', () => {
  it.each([
    ['prefix=a', 'a', 'b'],
    ['prefix=%FF', '\u00ff', undefined],
    ['start=a&end=b', 'a', 'b'],
    ['start=a', 'a', undefined],
    ['end=b', undefined, 'b'],
    ['prefix=a&end=a5', 'a', 'a5'],
    ['all=true', undefined, undefined],
  ])('%s names a range', (query, start, end) => {
    const range = parseDeleteRangeQuery(query);
    const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('latin1');
    expect([text(range.start), text(range.end)]).toEqual([start, end]);
  });

  it.each([
    ['nothing', ''],
    ['an empty prefix', 'prefix='],
    ['an empty start', 'start=&end=b'],
    ['everything and a part', 'all=true&prefix=a'],
    ['perhaps everything', 'all=false'],
    ['everything, said twice', 'all=true&all=true'],
    ['a limit', 'prefix=a&limit=10'],
    ['a cursor', 'prefix=a&cursor=x'],
    ['a bound longer than any key', `start=${'a'.repeat(2049)}`],
  ])('that names %s is refused', (_what, query) => {
    expect(() => parseDeleteRangeQuery(query)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
  });

  it('means the same after the hop to the worker', () => {
    const bound = fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined });
    fc.assert(
      fc.property(bound, bound, (start, end) => {
        const read = parseInternalDeleteRangeQuery(formatInternalDeleteRangeQuery({ start, end }));
        const plain = (bytes: Uint8Array | undefined) => bytes && [...bytes];
        expect([plain(read.start), plain(read.end)]).toEqual([plain(start), plain(end)]);
      }),
    );
  });
});
