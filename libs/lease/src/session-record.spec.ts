import { describe, expect, it } from '@jest/globals';
import type { SessionId } from '@leasehold/foundation';
import { CorruptBytesError, fromHex, toHex } from '@leasehold/foundation';
import fc from 'fast-check';

import type { SessionRecord } from './session-record.js';
import { decodeSessionRecord, encodeSessionRecord } from './session-record.js';

const RECORD: SessionRecord = {
  sessionId: '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId,
  endpoint: 'http://10.0.0.7:8080',
  pid: 4711,
  host: 'host-a',
  ttlMs: 5000,
  state: 'sealed',
  floor: 300,
  rollups: [{ from: 1, to: 200 }],
  trail: { edits: 2, nonces: ['ab'.repeat(16), '01'.repeat(16)] },
};

/** Format version 1. These bytes lie in buckets: they are never regenerated to make a test pass. */
const GOLDEN = [
  '4c485352 0001 01', // magic, version, sealed
  '1a 30316a64347a7130733863336b356d3770397231743376357837', // session
  '14 687474703a2f2f31302e302e302e373a38303830', // endpoint
  'e724', // pid
  '06 686f73742d61', // host
  '8827', // ttl
  'ac02', // floor
  '01 01 c801', // one rollup, 1 to 200
  '02 02', // edits, nonces
  'ab'.repeat(16),
  '01'.repeat(16),
  'bdcf0d72', // crc-32 of all before
];

const records = fc.record({
  sessionId: fc.constant(RECORD.sessionId),
  endpoint: fc.webUrl(),
  pid: fc.nat(),
  host: fc.string(),
  ttlMs: fc.integer({ min: 1, max: 600_000 }),
  state: fc.constantFrom('live' as const, 'sealed' as const, 'clean' as const),
  floor: fc.integer({ min: 2 ** 33, max: 2 ** 48 }),
  // Any strictly ascending numbers, two by two.
  rollups: fc
    .uniqueArray(fc.integer({ min: 1, max: 2 ** 32 }), { maxLength: 32 })
    .map((numbers) => numbers.sort((a, b) => a - b))
    .map((numbers) =>
      Array.from({ length: numbers.length >> 1 }, (_, i) => ({
        from: numbers[2 * i] as number,
        to: numbers[2 * i + 1] as number,
      })),
    ),
  trail: fc.integer({ min: 0, max: 40 }).map((edits) => ({
    edits,
    nonces: Array.from({ length: Math.min(edits, 16) }, (_, i) => toHex(new Uint8Array(16).fill(edits - i))),
  })),
});

describe('session record', () => {
  it('has the golden bytes of format version 1', () => {
    const bytes = toHex(encodeSessionRecord(RECORD));
    expect(bytes).toBe(GOLDEN.join('').replaceAll(' ', ''));
    expect(decodeSessionRecord(fromHex(bytes) as Uint8Array)).toEqual(RECORD);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(records, (record) => expect(decodeSessionRecord(encodeSessionRecord(record))).toEqual(record)),
    );
  });

  it('refuses every truncation and every flipped bit', () => {
    const bytes = encodeSessionRecord(RECORD);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => decodeSessionRecord(bytes.subarray(0, length))).toThrow(CorruptBytesError);
    }
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeSessionRecord(flipped)).toThrow(CorruptBytesError);
    }
  });

  it.each([
    ['a rollup at the floor', 200, [{ from: 1, to: 200 }]],
    ['a rollup that ends before it begins', 300, [{ from: 5, to: 4 }]],
    ['a rollup from 0', 300, [{ from: 0, to: 4 }]],
    [
      'rollups that overlap',
      300,
      [
        { from: 1, to: 9 },
        { from: 9, to: 20 },
      ],
    ],
    [
      'rollups out of order',
      300,
      [
        { from: 10, to: 20 },
        { from: 1, to: 9 },
      ],
    ],
  ])('S6: never says %s', (_, floor, rollups) => {
    expect(() => encodeSessionRecord({ ...RECORD, floor, rollups })).toThrow('below the floor');
  });

  it('refuses a record that belongs to another name', () => {
    const bytes = encodeSessionRecord(RECORD);
    expect(() => decodeSessionRecord(bytes, '01jd4zq0s8c3k5m7p9r1t3v5x8' as SessionId)).toThrow(CorruptBytesError);
    expect(decodeSessionRecord(bytes, RECORD.sessionId)).toEqual(RECORD);
  });

  it('refuses trailing bytes', () => {
    const bytes = encodeSessionRecord(RECORD);
    expect(() => decodeSessionRecord(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(CorruptBytesError);
  });
});
