import { describe, expect, it } from '@jest/globals';
import { ByteReader, ByteWriter, CorruptBytesError, seededRandom, toHex } from '@leasehold/foundation';
import fc from 'fast-check';

import { EMPTY_TRAIL, drawNonce, nextTrail, readTrail, writeTrail } from './edit-trail.js';
import type { EditTrail } from './edit-trail.js';

const nonce = (byte: number): string => byte.toString(16).padStart(2, '0').repeat(16);
const bytesOf = (trail: EditTrail): Uint8Array => {
  const writer = new ByteWriter();
  writeTrail(writer, trail);
  return writer.toBytes();
};

describe('edit trail', () => {
  it.each<[string, EditTrail, string]>([
    ['no edits', EMPTY_TRAIL, '0000'],
    ['one edit', { edits: 1, nonces: [nonce(0xab)] }, `0101${'ab'.repeat(16)}`],
    ['two edits, latest first', { edits: 2, nonces: [nonce(2), nonce(1)] }, `0202${'02'.repeat(16)}${'01'.repeat(16)}`],
  ])('is written as documented: %s', (_, trail, hex) => {
    expect(toHex(bytesOf(trail))).toBe(hex);
  });

  it('keeps the last 16 nonces and counts all edits', () => {
    let trail = EMPTY_TRAIL;
    for (let i = 1; i <= 200; i++) trail = nextTrail(trail, nonce(i));
    expect(trail.edits).toBe(200);
    expect(trail.nonces).toEqual(Array.from({ length: 16 }, (_, i) => nonce(200 - i)));
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.nat(), (edits, seed) => {
        const random = seededRandom(seed);
        let trail = EMPTY_TRAIL;
        for (let i = 0; i < edits; i++) trail = nextTrail(trail, drawNonce(random));
        expect(readTrail(new ByteReader(bytesOf(trail)))).toEqual(trail);
      }),
    );
  });

  it.each([
    ['fewer nonces than edits', '0201' + 'ab'.repeat(16)],
    ['more nonces than edits', '0102' + 'ab'.repeat(32)],
    ['more than 16 nonces', '1111' + 'ab'.repeat(17 * 16)],
    ['a nonce cut short', '0101' + 'ab'.repeat(15)],
  ])('is corrupt with %s', (_, hex) => {
    expect(() => readTrail(new ByteReader(Buffer.from(hex, 'hex')))).toThrow(CorruptBytesError);
  });

  it('refuses a nonce that it holds already', () => {
    expect(() => nextTrail({ edits: 1, nonces: [nonce(1)] }, nonce(1))).toThrow('every edit draws a nonce');
  });
});
