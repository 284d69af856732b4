import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore } from '@leasehold/object-store';

import { collectFrames } from './fold-frames.js';
import type { Frame } from './frame.js';
import { Retention } from './retention.js';
import { encodeRollup } from './rollup.js';
import { encodeSegment } from './segment.js';

const SESSION = '01arz3ndektsv4rrffq69g5fav' as SessionId;
const A = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const B = '00000000-0000-4000-8000-00000000000b' as DatabaseId;
const NONCE = '00'.repeat(16);
const frame = (databaseId: DatabaseId, sizeBytes: number): Frame => ({
  databaseId,
  epoch: 1,
  previousSegment: 0,
  firstSequence: 1,
  lastSequence: 1,
  payload: Buffer.alloc(sizeBytes, 7),
});

describe('L5: frames that are read back for a rollup', () => {
  const frames = [frame(A, 10), frame(B, 100_000)];

  /** A small needed frame beside a large one that a head contains; nothing is held in memory. */
  function retained(): Retention {
    const retention = new Retention(0);
    for (const one of frames) retention.add(1, one, false);
    return retention;
  }

  const forget = (retention: Retention): void => retention.flushed(B, () => true);

  it('keep no more than themselves of their segment in memory', async () => {
    const store = new MemoryStore(new FakeClock());
    const name = { sessionId: SESSION, number: 1 };
    await store.put(bucketLayout.segment(SESSION, 1), encodeSegment(name, NONCE, frames), 'create');
    const retention = retained();
    forget(retention);
    const plan = { rollups: [], loose: [...retention.looseFrom(1, 1)] };
    const collected = await collectFrames(store, SESSION, plan, retention);
    expect(collected.map(({ frame: { databaseId } }) => databaseId)).toEqual([A]);
    expect(collected[0]?.frame.payload.buffer.byteLength).toBe(10);
  });

  it('keep no more than themselves of their rollup in memory', async () => {
    const store = new MemoryStore(new FakeClock());
    const name = { sessionId: SESSION, from: 1, to: 1 };
    const body = encodeRollup(
      name,
      NONCE,
      frames.map((one) => ({ segment: 1, frame: one })),
    );
    await store.put(bucketLayout.rollup(SESSION, 1, 1), body, 'create');
    const retention = retained();
    retention.fold({ from: 1, to: 1 }, body.byteLength);
    forget(retention);
    const collected = await collectFrames(store, SESSION, { rollups: retention.rollups, loose: [] }, retention);
    expect(collected.map(({ frame: { databaseId } }) => databaseId)).toEqual([A]);
    expect(collected[0]?.frame.payload.buffer.byteLength).toBe(10);
  });
});
