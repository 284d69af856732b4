import { describe, expect, it } from '@jest/globals';
import { toHex, utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import type { KvValue } from './kv-encoding.js';
import { decodeStoredValue, encodeStoredValue, storedPrefix } from './stored-value.js';

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const plain = ({ encoding, data }: KvValue) => ({ encoding, data: toHex(data) });
/** Bytes that look like the stored form, as far as chance would not make them so. */
const trickyBytes = fc
  .tuple(fc.array(fc.constantFrom(1, 2, 3, 4), { maxLength: 4 }), fc.uint8Array({ maxLength: 12 }))
  .map(([tags, rest]) => Buffer.concat([...tags.flatMap((tag) => [bytes(0xc1, 0x4b, 0x56), bytes(tag)]), rest]));
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 20 }), trickyBytes);
const anyValue: fc.Arbitrary<KvValue> = fc.oneof(
  anyBytes.map((data) => ({ encoding: 'v8' as const, data })),
  anyBytes.map((data) => ({ encoding: 'bytes' as const, data })),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((data) => ({ encoding: 'le64' as const, data })),
);

describe('stored values of KV Connect', () => {
  it.each<[string, KvValue, string]>([
    ['a value of V8', { encoding: 'v8', data: bytes(0xff, 0x0f, 0x30) }, 'c14b5601ff0f30'],
    ['a counter', { encoding: 'le64', data: bytes(5, 0, 0, 0, 0, 0, 0, 0) }, 'c14b56020500000000000000'],
    ['bytes, as they are', { encoding: 'bytes', data: bytes(1, 2) }, '0102'],
    ['no bytes', { encoding: 'bytes', data: bytes() }, ''],
    ['bytes that look like a value of V8', { encoding: 'bytes', data: bytes(0xc1, 0x4b, 0x56, 1) }, 'c14b5603c14b5601'],
    ['bytes that begin so, and go on otherwise', { encoding: 'bytes', data: bytes(0xc1, 0x4b, 0x56, 9) }, 'c14b5609'],
  ])('hold %s', (_, value, stored) => {
    expect(toHex(encodeStoredValue(value))).toBe(stored);
    expect(plain(decodeStoredValue(Buffer.from(stored, 'hex')))).toEqual(plain(value));
  });

  it.each(['', 'text', 'c14b56', 'c14b5602050000', 'c14b560301', 'c14b5600', 'c14b5604ff'])(
    'are bytes where somebody else wrote %p',
    (hex) => {
      const stored = /^[0-9a-f]*$/.test(hex) ? Buffer.from(hex, 'hex') : utf8(hex);
      expect(plain(decodeStoredValue(stored))).toEqual({ encoding: 'bytes', data: toHex(stored) });
    },
  );

  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(plain(decodeStoredValue(encodeStoredValue(value)))).toEqual(plain(value));
      }),
    );
  });

  it('can be read whatever is stored, and written again as they were', () => {
    fc.assert(
      fc.property(anyBytes, (stored) => {
        const value = decodeStoredValue(stored);
        if (value.encoding === 'le64') expect(value.data.byteLength).toBe(8);
        expect(toHex(encodeStoredValue(value))).toBe(toHex(stored));
      }),
    );
  });

  it('have the beginning that counters are given', () => {
    expect(toHex(encodeStoredValue({ encoding: 'le64', data: new Uint8Array(8) }))).toBe(
      toHex(storedPrefix('le64')) + '00'.repeat(8),
    );
  });
});
