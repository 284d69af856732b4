import { crc32 } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { crc32Of } from './crc32.js';

describe('crc32Of', () => {
  it('is the checksum of the standard, short or long', () => {
    expect(crc32Of(Buffer.from('123456789'))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), (bytes, one, other) => {
        const [from, to] = [one, other].map((at) => at % (bytes.byteLength + 1)).sort((a, b) => a - b) as [
          number,
          number,
        ];
        expect(crc32Of(bytes, from, to)).toBe(crc32(bytes.subarray(from, to)));
        expect(crc32Of(bytes)).toBe(crc32(bytes));
      }),
    );
  });

  it('goes on from the checksum of what comes before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, at) => {
        const middle = at % (bytes.byteLength + 1);
        expect(crc32Of(bytes, middle, bytes.byteLength, crc32Of(bytes, 0, middle))).toBe(crc32(bytes));
      }),
    );
  });
});
