import { describe, expect, it } from '@jest/globals';

import { parseRowId, rowBefore } from './row-id.js';

describe('ids of rows', () => {
  it.each(['1', '10', '999999999999999999'])('are taken: %s', (text) => {
    expect([parseRowId(text), rowBefore(text)]).toEqual([BigInt(text), BigInt(text)]);
  });

  it.each(['', '0', '01', '-1', '1.5', '1e3', ' 1', '1\n', '0x1', '9999999999999999999', '１'])(
    'are none: %j',
    (text) => {
      expect(parseRowId(text)).toBeUndefined();
      expect(() => rowBefore(text)).toThrow(expect.objectContaining({ code: 'invalid-cursor' }));
    },
  );

  it('are not asked for by the first page', () => {
    expect(rowBefore(undefined)).toBeUndefined();
  });
});
