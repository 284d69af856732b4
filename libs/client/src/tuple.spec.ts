import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compareBytes } from './bytes.js';
import type { Key, KeyPart } from './tuple.js';
import { decodeKey, encodeKey } from './tuple.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const part: fc.Arbitrary<KeyPart> = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.uint8Array({ maxLength: 4, min: 0, max: 1 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 72n), max: 2n ** 72n }),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.boolean(),
);
const key = fc.array(part, { maxLength: 5 });

const rank = (value: KeyPart): number =>
  value instanceof Uint8Array ? 0 : ['string', 'bigint', 'number', 'boolean'].indexOf(typeof value) + 1;

/** The order as the documentation tells it, without any encoding. */
function compareParts(a: KeyPart, b: KeyPart): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a === 'number' && typeof b === 'number') {
    if (Object.is(a, b)) return 0;
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
    return a === b ? (Object.is(a, -0) ? -1 : 1) : a - b;
  }
  return a === b ? 0 : a < b ? -1 : 1;
}

function compareKeys(a: Key, b: Key): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    const order = compareParts(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

describe('tuples as bytes', () => {
  it.each<[Key, string]>([
    [['hello'], '0268656c6c6f00'],
    [[Uint8Array.of(1, 2, 0, 7, 8)], '01010200ff070800'],
    [['hello', Uint8Array.of(1, 2, 0, 7, 8)], '0268656c6c6f0001010200ff070800'],
    [['users', 1], '02757365727300' + '21bff0000000000000'],
    [[''], '0200'],
    [['ü\0'], '02c3bc00ff00'],
    [[0], '218000000000000000'],
    [[-0], '217fffffffffffffff'],
    [[-1.5], '214007ffffffffffff'],
    [[NaN], '21fff8000000000000'],
    [[Infinity], '21fff0000000000000'],
    [[-Infinity], '21000fffffffffffff'],
    [[0n], '14'],
    [[1n], '1501'],
    [[-1n], '13fe'],
    [[255n], '15ff'],
    [[256n], '160100'],
    [[-256n], '12feff'],
    [[2n ** 64n - 1n], '1cffffffffffffffff'],
    [[2n ** 64n], '1d09010000000000000000'],
    [[-(2n ** 64n)], '0bf6feffffffffffffffff'],
    [[false, true], '2627'],
  ])('writes %p as Deno KV does', (parts, bytes) => {
    expect(hex(encodeKey(parts))).toBe(bytes);
  });

  it('reads back what it writes', () => {
    fc.assert(fc.property(key, (parts) => void expect(decodeKey(encodeKey(parts))).toEqual(parts)));
  });

  it('gives bytes of their own', () => {
    const stored = Buffer.from(encodeKey([Uint8Array.of(1, 0, 255), 'a\0ÿ']));
    const [part] = decodeKey(stored);
    stored.fill(9);
    expect(part).toStrictEqual(Uint8Array.of(1, 0, 255));
  });

  it('sorts bytes as tuples sort', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareBytes(encodeKey(a), encodeKey(b)))).toBe(Math.sign(compareKeys(a, b)));
      }),
    );
  });

  it('refuses bytes that are no tuple, whatever they are, and reads no others', () => {
    for (const bytes of ['03', '02', '0261', '02ff00', '21ff', '1601', '1dff', '00', 'ff', '28']) {
      expect(() => decodeKey(Buffer.from(bytes, 'hex'))).toThrow(expect.objectContaining({ code: 'undecodable-key' }));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        try {
          decodeKey(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'undecodable-key' });
        }
      }),
    );
  });

  it('refuses parts of other kinds, and integers that have no place', () => {
    expect(() => encodeKey([null as never])).toThrow(expect.objectContaining({ code: 'invalid-key' }));
    expect(() => encodeKey([256n ** 255n])).toThrow(expect.objectContaining({ code: 'invalid-key' }));
    expect(decodeKey(encodeKey([256n ** 255n - 1n]))).toEqual([256n ** 255n - 1n]);
  });
});
