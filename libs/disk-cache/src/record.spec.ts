import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decodeRecord, encodePrefix, recordBytes } from './record.js';

const NAME = 'db/0190/sst/01k:0-16384';

function encode(sequence: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([encodePrefix(sequence, name, value), value]);
}

describe('a record', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: 'grapheme' }), fc.uint8Array(), (sequence, name, value) => {
        const record = encode(sequence, name, value);
        expect(record.byteLength).toBe(recordBytes(name, value));
        expect(decodeRecord(record, sequence, name)).toEqual(value);
      }),
    );
  });

  it('is damaged with any bit flipped and at any other length', () => {
    const record = encode(3, NAME, Uint8Array.of(1, 2, 3));
    for (let bit = 0; bit < record.byteLength * 8; bit++) {
      const flipped = Buffer.from(record);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, decodeRecord(flipped, 3, NAME)]).toEqual([bit, 'damaged']);
    }
    for (let size = 0; size < record.byteLength; size++) {
      expect(decodeRecord(record.subarray(0, size), 3, NAME)).toBe('damaged');
    }
  });

  it('is foreign under another name and in another life of its slab', () => {
    const record = encode(3, NAME, Uint8Array.of(1, 2, 3));
    expect([decodeRecord(record, 3, `${NAME}0`), decodeRecord(record, 4, NAME)]).toEqual(['foreign', 'foreign']);
  });
});
