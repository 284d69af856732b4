import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore } from '@leasehold/object-store';

import { collectFrames } from './fold-frames.js';
import type { Frame } from './frame.js';
import { LoggedAppend } from './logged-append.js';
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

/** In segment 1. */
function retainedOf(frames: readonly Frame[], { heldBytes, isShared = false }: Held): Retention {
  const retention = new Retention(heldBytes);
  const listener = { durable: () => undefined, lost: () => undefined };
  const appends = frames.map((one) => new LoggedAppend({ ...one, isShared }, listener));
  for (const append of appends) {
    append.segment = 1;
    retention.add(append);
  }
  retention.hold(appends);
  return retention;
}

interface Held {
  readonly heldBytes: number;
  readonly isShared?: boolean;
}

describe('L5: frames that are read back for a rollup', () => {
  const frames = [frame(A, 10), frame(B, 100_000)];

  /** A small needed frame beside a large one that a head contains; nothing is held in memory. */
  const retained = (): Retention => retainedOf(frames, { heldBytes: 0 });

  const forget = (retention: Retention): void => retention.flushed(B, () => true);

  it('keep no more than themselves of their segment in memory', async () => {
    const store = new MemoryStore(new FakeClock());
    const name = { sessionId: SESSION, number: 1 };
    await store.put(bucketLayout.segment(SESSION, 1), encodeSegment(name, NONCE, frames), 'create');
    const retention = retained();
    forget(retention);
    const plan = { rollups: [], loose: [...retention.looseFrom(1, 1)] };
    const collected = await collectFrames(store, SESSION, plan, retention);
    expect(collected.map(({ databaseId }) => databaseId)).toEqual([A]);
    expect(collected[0]?.payload.buffer.byteLength).toBe(10);
  });

  it('keep no more than themselves of their rollup in memory', async () => {
    const store = new MemoryStore(new FakeClock());
    const name = { sessionId: SESSION, from: 1, to: 1 };
    const body = encodeRollup(
      name,
      NONCE,
      frames.map((one) => ({ ...one, segment: 1 })),
    );
    await store.put(bucketLayout.rollup(SESSION, 1, 1), body, 'create');
    const retention = retained();
    retention.fold({ from: 1, to: 1 }, body.byteLength);
    forget(retention);
    const collected = await collectFrames(store, SESSION, { rollups: retention.rollups, loose: [] }, retention);
    expect(collected.map(({ databaseId }) => databaseId)).toEqual([A]);
    expect(collected[0]?.payload.buffer.byteLength).toBe(10);
  });
});

describe('L5: frames for a rollup that are in memory', () => {
  const frames = [frame(A, 10), frame(B, 100)];
  const range = { from: 1, to: 1 };
  /** Nothing is to be read. */
  const store = { get: () => Promise.reject(new Error('read')) };
  const heldOf = (retention: Retention): boolean[] => [...retention.neededIn(range)].map(({ isHeld }) => isHeld);
  const payloadsOf = async (retention: Retention): Promise<Uint8Array[]> => {
    const plan = { rollups: retention.rollups, loose: [] };
    return (await collectFrames(store, SESSION, plan, retention)).map(({ payload }) => payload);
  };

  it('are let go of with their fold, within the budget, and not before', () => {
    const retention = retainedOf(frames, { heldBytes: 105 });
    expect(heldOf(retention)).toEqual([true, false]);
    retention.fold(range, 1_000);
    expect(heldOf(retention)).toEqual([false, false]);
  });

  it('stay until a head contains them where others keep that memory as well, whatever the budget, and are not read back', async () => {
    const retention = retainedOf(frames, { heldBytes: 0, isShared: true });
    retention.fold(range, 1_000);
    expect(await payloadsOf(retention)).toEqual(frames.map(({ payload }) => new Uint8Array(payload)));
    const [first] = retention.neededIn(range);
    retention.flushed(A, () => true);
    expect(first).toMatchObject({ databaseId: A, isHeld: false, needed: false });
    expect(() => first?.payload).toThrow('let go');
    expect(await payloadsOf(retention)).toEqual([new Uint8Array(frames[1]?.payload as Uint8Array)]);
  });

  it.each([false, true])(
    'stay while a rollup is written, also when a head comes to contain them (shared: %s)',
    async (isShared) => {
      const retention = retainedOf(frames, { heldBytes: 1_000, isShared });
      const [first, second] = retention.neededIn(range);
      const failing = retention.keeping(range, async () => {
        retention.flushed(A, () => true);
        expect([first?.needed, first?.isHeld, first?.payload.byteLength]).toEqual([false, true, 10]);
        throw new Error('not written');
      });
      await expect(failing).rejects.toThrow('not written');
      expect([first?.isHeld, second?.isHeld]).toEqual([false, true]);
    },
  );

  it('go at once where a rollup is written of other segments, which may take as long as a store is slow', async () => {
    const retention = retainedOf(frames, { heldBytes: 0, isShared: true });
    const [first, second] = retention.neededIn(range);
    await retention.keeping({ from: 2, to: 200 }, async () => {
      retention.flushed(A, () => true);
      expect([first?.isHeld, second?.isHeld]).toEqual([false, true]);
    });
  });

  it('are in the budget once nobody else keeps them, and let go of with their fold', () => {
    const retention = retainedOf(frames, { heldBytes: 50, isShared: true });
    retention.unshare(A);
    expect(heldOf(retention)).toEqual([true, true]);
    retention.unshare(B);
    expect(heldOf(retention)).toEqual([true, false]);
    retention.fold(range, 1_000);
    expect(heldOf(retention)).toEqual([false, false]);
  });

  it('go at once when nobody else keeps them after their fold, but not while another one writes them', async () => {
    const retention = retainedOf(frames, { heldBytes: 1_000, isShared: true });
    retention.fold(range, 1_000);
    await retention.keeping(range, async () => {
      retention.unshare(A);
      expect(heldOf(retention)).toEqual([true, true]);
    });
    expect(heldOf(retention)).toEqual([false, true]);
    retention.unshare(B);
    expect(heldOf(retention)).toEqual([false, false]);
  });
});

describe('L5: more frames than a call may have arguments', () => {
  const FRAMES = 200_000;
  const range = { from: 1, to: 1 };

  it.each([true, false])('go into a rollup (from memory: %s)', async (isShared) => {
    const one = frame(A, 1);
    const frames = Array.from({ length: FRAMES }, (_, i) => ({ ...one, firstSequence: i + 1, lastSequence: i + 1 }));
    const rolled = frames.map((each) => ({ ...each, segment: 1 }));
    const body = encodeRollup({ sessionId: SESSION, ...range }, NONCE, rolled);
    const store = new MemoryStore(new FakeClock());
    if (!isShared) await store.put(bucketLayout.rollup(SESSION, range.from, range.to), body, 'create');
    const retention = retainedOf(frames, { heldBytes: 0, isShared });
    retention.fold(range, body.byteLength);
    const collected = await collectFrames(store, SESSION, { rollups: retention.rollups, loose: [] }, retention);
    expect(collected).toHaveLength(FRAMES);
  });
});
