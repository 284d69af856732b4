import { describe, expect, it } from '@jest/globals';

import { decodeValue, encodeValue } from './stored-value.js';

const LABEL = { database: 't1-03', key: 'r/07', write: 123, count: 4 };

describe('a stored value', () => {
  it('says where it belongs, and is as long as it was asked to be', () => {
    for (const sizeBytes of [100, 101, 102, 103, 5_000]) {
      const bytes = encodeValue(LABEL, sizeBytes);
      expect(bytes.byteLength).toBe(sizeBytes);
      expect(decodeValue(bytes)).toEqual(LABEL);
    }
  });

  it('is its label alone where there is no room for more', () => {
    expect(decodeValue(encodeValue(LABEL, 0))).toEqual(LABEL);
  });

  it('shows every damage', () => {
    const bytes = encodeValue(LABEL, 200);
    for (let at = 0; at < bytes.byteLength; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 4;
      expect(decodeValue(damaged)).not.toEqual(LABEL);
    }
    expect(decodeValue(bytes.subarray(0, 199))).toBeUndefined();
    expect(decodeValue(Buffer.concat([bytes, Buffer.from('x')]))).toBeUndefined();
  });
});
