import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, fromHex, toHex } from '@leasehold/foundation';
import fc from 'fast-check';

import type { Frame } from './frame.js';
import {
  decodeSegment,
  encodeSeal,
  encodeSegment,
  FRAME_OVERHEAD_BYTES,
  SEAL_BYTES,
  SEGMENT_HEADER_BYTES,
} from './segment.js';
import { frameFields } from './testing/arbitrary-frames.js';

const NAME = { sessionId: '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId, number: 258 };
const NONCE = '0123456789abcdef0123456789abcdef';
const A = '00112233-4455-6677-8899-aabbccddeeff' as DatabaseId;
const B = 'ffeeddcc-bbaa-9988-7766-554433221100' as DatabaseId;
const FRAME_A: Frame = {
  databaseId: A,
  epoch: 3,
  previousSegment: 200,
  firstSequence: 17,
  lastSequence: 18,
  payload: Buffer.from('hello'),
};
const FRAME_B: Frame = { ...FRAME_A, databaseId: B, epoch: 1, previousSegment: 0, payload: new Uint8Array() };

/** Format version 1. These bytes lie in buckets: they are never regenerated to make a test pass. */
const GOLDEN_DATA = [
  '4c485347 0001 00', // magic, version, data
  '30316a64347a7130733863336b356d3770397231743376357837', // session
  '000000000102', // number
  NONCE,
  '00000002', // frames
  'a17e9c41',
  '00112233445566778899aabbccddeeff 00000003 0000000000c8 000000000011 000000000012 00000005',
  'b5fa92ea',
  '68656c6c6f',
  '3610a686',
  'ffeeddccbbaa99887766554433221100 00000001 000000000000 000000000011 000000000012 00000000',
  '143fb5d9',
  '',
  '00000000',
  '00112233445566778899aabbccddeeff 0000003f', // directory
  'ffeeddccbbaa99887766554433221100 00000076',
  'a45956a6',
  '4c485344',
];
const GOLDEN_SEAL = [
  '4c485347 0001 01',
  '30316a64347a7130733863336b356d3770397231743376357837',
  '000000000102',
  NONCE,
  '00000000',
  '31a84d2c',
];

const frames = fc.array(
  fc.record({
    ...frameFields(A, B),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('segment', () => {
  it('has the golden bytes of format version 1', () => {
    const golden = GOLDEN_DATA.join('').replaceAll(' ', '');
    expect(toHex(encodeSegment(NAME, NONCE, [FRAME_A, FRAME_B]))).toBe(golden);
    const decoded = decodeSegment(NAME, fromHex(golden) as Uint8Array);
    expect(decoded).toEqual({
      kind: 'data',
      damage: [],
      frames: [FRAME_A, { ...FRAME_B, payload: Buffer.alloc(0) }],
    });
  });

  it('has the golden bytes of a seal, and no data segment has its size', () => {
    const golden = GOLDEN_SEAL.join('').replaceAll(' ', '');
    expect(toHex(encodeSeal(NAME, NONCE))).toBe(golden);
    expect(golden).toHaveLength(2 * SEAL_BYTES);
    expect(decodeSegment(NAME, fromHex(golden) as Uint8Array)).toEqual({ kind: 'seal', frames: [], damage: [] });
    expect(encodeSegment(NAME, NONCE, [FRAME_B]).byteLength).toBeGreaterThan(SEAL_BYTES);
  });

  it('reads back what it wrote, with the overhead that is stated', () => {
    fc.assert(
      fc.property(frames, (written) => {
        const bytes = encodeSegment(NAME, NONCE, written);
        expect(decodeSegment(NAME, bytes)).toEqual({ kind: 'data', frames: written, damage: [] });
        const payloads = written.reduce((sum, { payload }) => sum + payload.byteLength, 0);
        expect(bytes.byteLength).toBe(SEGMENT_HEADER_BYTES + payloads + written.length * FRAME_OVERHEAD_BYTES + 8);
      }),
    );
  });

  it.each([
    ['another session', { ...NAME, sessionId: '01jd4zq0s8c3k5m7p9r1t3v5x8' as SessionId }],
    ['another number', { ...NAME, number: 259 }],
  ])('refuses bytes that belong to %s', (_, name) => {
    expect(() => decodeSegment(name, encodeSegment(NAME, NONCE, [FRAME_A]))).toThrow(CorruptBytesError);
  });

  it('refuses a seal with anything behind it', () => {
    const bytes = Buffer.concat([encodeSeal(NAME, NONCE), Buffer.of(0)]);
    expect(() => decodeSegment(NAME, bytes)).toThrow(CorruptBytesError);
  });
});

describe('L3: damage', () => {
  const bytes = encodeSegment(NAME, NONCE, [FRAME_A, FRAME_B, { ...FRAME_A, previousSegment: 258 }]);
  const flipped = (at: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at] = (copy[at] as number) ^ 0x10;
    return copy;
  };

  it('never passes for other content: every flipped bit is noticed or changes nothing', () => {
    const intact = decodeSegment(NAME, bytes);
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const copy = Uint8Array.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      let decoded;
      try {
        decoded = decodeSegment(NAME, copy);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptBytesError);
        continue;
      }
      if (decoded.damage.length === 0) expect(decoded).toEqual(intact);
      else for (const frame of decoded.frames) expect(intact.frames).toContainEqual(frame);
      expect(decoded.frames.length + decoded.damage.length).toBe(3);
    }
  });

  it('never passes for the end of the segment: every truncation is noticed', () => {
    for (let length = 0; length < bytes.byteLength; length++) {
      const cut = bytes.subarray(0, length);
      if (length < SEGMENT_HEADER_BYTES) {
        expect(() => decodeSegment(NAME, cut)).toThrow(CorruptBytesError);
        continue;
      }
      const { frames: whole, damage } = decodeSegment(NAME, cut);
      // Only the directory is cut off, or there is damage that could be anybody's once a whole frame may be missing.
      expect(whole.length === 3 || damage.length > 0).toBe(true);
      if (whole.length < 2) expect(damage.at(-1)?.databaseId).toBeUndefined();
    }
  });

  it('of a payload stays with its frame', () => {
    const { frames: whole, damage } = decodeSegment(NAME, flipped(SEGMENT_HEADER_BYTES + 47));
    expect(whole).toHaveLength(2);
    expect(damage).toEqual([{ databaseId: A, header: expect.objectContaining({ epoch: 3, lastSequence: 18 }) }]);
  });

  it('of a frame header stays with its database, which the directory tells', () => {
    const { frames: whole, damage } = decodeSegment(NAME, flipped(SEGMENT_HEADER_BYTES + 43));
    expect(whole).toHaveLength(2);
    expect(damage).toEqual([{ databaseId: A, header: undefined }]);
  });

  it('of the directory hides nothing', () => {
    const { frames: whole, damage } = decodeSegment(NAME, flipped(bytes.byteLength - 20));
    expect(whole).toHaveLength(3);
    expect(damage).toEqual([]);
  });

  it('of a frame header and the directory could be anybody’s', () => {
    const copy = flipped(SEGMENT_HEADER_BYTES + 43);
    copy[copy.byteLength - 20] = (copy[copy.byteLength - 20] as number) ^ 1;
    expect(decodeSegment(NAME, copy)).toEqual({
      kind: 'data',
      frames: [],
      damage: [
        { databaseId: undefined, header: undefined },
        { databaseId: undefined, header: undefined },
      ],
    });
  });
});
