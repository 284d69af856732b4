import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, fromHex, toHex } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { GetOptions } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';
import fc from 'fast-check';

import type { Frame } from './frame.js';
import { logObjectKey, readFromRollup } from './log-object.js';
import type { RolledFrame } from './rollup.js';
import {
  encodeRollup,
  mapRollup,
  ROLLED_FRAME_OVERHEAD_BYTES,
  ROLLUP_FOOTER_BYTES,
  ROLLUP_HEADER_BYTES,
  sortRolled,
} from './rollup.js';
import { frameFields } from './testing/arbitrary-frames.js';

const NAME = { sessionId: '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId, from: 3, to: 258 };
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
const FRAMES: readonly RolledFrame[] = [
  { ...FRAME_A, segment: 258 },
  { ...FRAME_B, segment: 7 },
  { ...FRAME_A, segment: 200, previousSegment: 0, firstSequence: 16, lastSequence: 16 },
];

/** Format version 1. These bytes lie in buckets: they are never regenerated to make a test pass. */
const GOLDEN = [
  '4c485255 0001', // magic, version
  '30316a64347a7130733863336b356d3770397231743376357837', // session
  '000000000003 000000000102', // from, to
  NONCE,
  '00000003', // frames
  '5c10a7e4',
  '0000000000c8', // segment
  '00112233445566778899aabbccddeeff 00000003 000000000000 000000000010 000000000010 00000005',
  'd9eff9d1',
  '68656c6c6f',
  '3610a686',
  '000000000102',
  '00112233445566778899aabbccddeeff 00000003 0000000000c8 000000000011 000000000012 00000005',
  '0712dc10',
  '68656c6c6f',
  '3610a686',
  '000000000007',
  'ffeeddccbbaa99887766554433221100 00000001 000000000000 000000000011 000000000012 00000000',
  '0cd2e817',
  '',
  '00000000',
  '00112233445566778899aabbccddeeff 00000044', // directory
  '00112233445566778899aabbccddeeff 00000081',
  'ffeeddccbbaa99887766554433221100 000000be',
  '000000f6 00000003', // footer
  'e032a85e',
  '4c485244',
];

const rolled = fc.array(
  fc.record({
    segment: fc.integer({ min: NAME.from, max: NAME.to }),
    ...frameFields(A, B),
  }),
  { minLength: 1, maxLength: 20 },
);

function framesOf(bytes: Uint8Array): readonly RolledFrame[] {
  return mapRollup(NAME, bytes).intact.map(({ header, payload }) => ({ ...header, payload }));
}

describe('rollup', () => {
  it('has the golden bytes of format version 1', () => {
    const golden = GOLDEN.join('').replaceAll(' ', '');
    expect(toHex(encodeRollup(NAME, NONCE, FRAMES))).toBe(golden);
    expect(framesOf(fromHex(golden) as Uint8Array)).toEqual([
      FRAMES[2],
      FRAMES[0],
      { ...FRAME_B, segment: 7, payload: Buffer.alloc(0) },
    ]);
  });

  it('reads back what it wrote, sorted by database and segment, with the overhead that is stated', () => {
    fc.assert(
      fc.property(rolled, (written) => {
        const bytes = encodeRollup(NAME, NONCE, written);
        expect(framesOf(bytes)).toEqual(sortRolled(written));
        const payloads = written.reduce((sum, { payload }) => sum + payload.byteLength, 0);
        expect(bytes.byteLength).toBe(
          ROLLUP_HEADER_BYTES + payloads + written.length * ROLLED_FRAME_OVERHEAD_BYTES + ROLLUP_FOOTER_BYTES,
        );
      }),
    );
  });

  it.each([
    ['another session', { ...NAME, sessionId: '01jd4zq0s8c3k5m7p9r1t3v5x8' as SessionId }],
    ['another range', { ...NAME, to: 259 }],
  ])('refuses bytes that belong to %s', (_, name) => {
    expect(() => mapRollup(name, encodeRollup(NAME, NONCE, FRAMES))).toThrow(CorruptBytesError);
  });

  it('refuses a version that it does not know', () => {
    const bytes = encodeRollup(NAME, NONCE, FRAMES);
    bytes[5] = 2;
    expect(() => mapRollup(NAME, bytes)).toThrow('unknown format version 2');
  });

  it('holds frames of its own segments only', () => {
    expect(() => encodeRollup(NAME, NONCE, [{ ...FRAME_A, segment: 259 }])).toThrow('its own segments');
  });
});

describe('L3: damage in a rollup', () => {
  const bytes = encodeRollup(NAME, NONCE, FRAMES);

  it('never passes for other content: every flipped bit is noticed or changes nothing', () => {
    const intact = mapRollup(NAME, bytes).intact.map(({ header, payload }) => ({ header, payload }));
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const copy = Uint8Array.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      let map;
      try {
        map = mapRollup(NAME, copy);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptBytesError);
        continue;
      }
      const frames = map.intact.map(({ header, payload }) => ({ header, payload }));
      if (map.damage.length === 0) expect(frames).toEqual(intact);
      else for (const frame of frames) expect(intact).toContainEqual(frame);
      expect(map.intact.length + map.damage.length).toBe(3);
    }
  });

  it('of a frame stays with its database', () => {
    const copy = Uint8Array.from(bytes);
    copy[ROLLUP_HEADER_BYTES + 8] = (copy[ROLLUP_HEADER_BYTES + 8] as number) ^ 1;
    const { intact, damage } = mapRollup(NAME, copy);
    expect(damage).toEqual([{ databaseId: A, header: undefined }]);
    expect(intact).toHaveLength(2);
  });

  it('never passes for the end: every truncation is noticed', () => {
    for (let length = ROLLUP_HEADER_BYTES; length < bytes.byteLength; length++) {
      const { intact, damage } = mapRollup(NAME, bytes.subarray(0, length));
      expect(intact.length === 3 || damage.length > 0).toBe(true);
    }
  });
});

describe('reading one database of a rollup', () => {
  const clock = new FakeClock();
  const idOf = (number: number): DatabaseId =>
    `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId;
  const many = Array.from({ length: 5_000 }, (_, i) => ({
    ...FRAME_A,
    segment: 3 + (i % 200),
    databaseId: idOf(i % 1_000),
    payload: Buffer.alloc(100, i),
  }));

  async function stored(bytes: Uint8Array): Promise<{ store: MemoryStore; ranges: GetOptions[] }> {
    const store = new MemoryStore(clock);
    await store.put(logObjectKey(NAME), bytes, 'create');
    const ranges: GetOptions[] = [];
    const get = store.get.bind(store);
    store.get = (key, options) => {
      ranges.push(options ?? {});
      return get(key, options);
    };
    return { store, ranges };
  }

  it('takes two requests where the directory is short, three where it is long', async () => {
    const short = await stored(encodeRollup(NAME, NONCE, FRAMES));
    expect((await readFromRollup(short.store, NAME, A)).intact).toHaveLength(2);
    expect((await readFromRollup(short.store, NAME, B)).intact).toHaveLength(1);
    expect(short.ranges).toHaveLength(4);
    const long = await stored(encodeRollup(NAME, NONCE, many));
    const map = await readFromRollup(long.store, NAME, idOf(7));
    expect(map.intact.map(({ header }) => header.databaseId)).toEqual(Array.from({ length: 5 }, () => idOf(7)));
    expect(map.intact.map(({ header }) => header.segment)).toEqual(
      many
        .filter(({ databaseId }) => databaseId === idOf(7))
        .map(({ segment }) => segment)
        .sort((a, b) => a - b),
    );
    expect(long.ranges).toHaveLength(3);
    expect(long.ranges.every(({ range }) => range !== undefined)).toBe(true);
  });

  it('has nothing of a database that is not in it', async () => {
    const { store } = await stored(encodeRollup(NAME, NONCE, FRAMES));
    expect(await readFromRollup(store, NAME, idOf(1))).toEqual({ intact: [], damage: [] });
  });

  it('reads all of it where the directory is damaged', async () => {
    const bytes = encodeRollup(NAME, NONCE, FRAMES);
    bytes[bytes.byteLength - 30] = (bytes[bytes.byteLength - 30] as number) ^ 1;
    const { store } = await stored(bytes);
    const map = await readFromRollup(store, NAME, B);
    expect(map.intact.map(({ header }) => header.databaseId)).toEqual([A, A, B]);
    expect(map.damage).toEqual([]);
  });
});
