import { setMaxListeners } from 'node:events';

import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { Session } from '@leasehold/lease';
import type { CallOptions, ObjectStore, PutOutcome } from '@leasehold/object-store';
import { MemoryStore, settleCreate } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import { HedgedStore } from './hedged-store.js';
import { settleOwn } from './own-object.js';
import { HeldStore } from './testing/held-store.js';

const KEY = 'log/a';
const BODY = Buffer.from('segment');
/** Longer than anything is expected to take before there were any puts. */
const SLOW_MS = 600;

let clock: FakeClock;
let memory: MemoryStore;
let held: HeldStore;
let signals: AbortSignal[];
let hedged: HedgedStore;

/** Remembers the signals of all puts. */
function watched(inner: ObjectStore): ObjectStore {
  return {
    get: inner.get.bind(inner),
    list: inner.list.bind(inner),
    delete: inner.delete.bind(inner),
    put: (key, body, condition, options?: CallOptions) => {
      if (options?.signal) signals.push(options.signal);
      return inner.put(key, body, condition, options);
    },
  };
}

beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  held = new HeldStore(memory, () => true);
  signals = [];
  hedged = new HedgedStore(watched(held), clock, 0.04);
});

const create = (key = KEY): Promise<unknown> =>
  settleCreate({ store: hedged, clock, random: seededRandom(1) }, key, BODY);

async function bytesOf(key: string): Promise<string | undefined> {
  const object = await memory.get(key);
  return object === undefined || object === 'not-modified' ? undefined : Buffer.from(object.body).toString();
}

describe('L1: hedged puts', () => {
  it('are sent once when the first is answered in time', async () => {
    const created = create();
    await clock.advance(10);
    await held.release(KEY);
    await created;
    await clock.advance(SLOW_MS);
    expect(held.sent).toEqual([KEY]);
    expect(clock.armedTimers).toBe(0);
  });

  it('are won by the second when the first is slow, and the first is aborted', async () => {
    const created = create();
    await clock.advance(SLOW_MS);
    expect(held.sent).toEqual([KEY, KEY]);
    const [first, second] = signals;
    held.take(KEY, 1).answer(await memory.put(KEY, BODY, 'create'));
    await expect(clock.settle(created)).resolves.toMatchObject({ outcome: 'done' });
    expect(first?.aborted).toBe(true);
    expect(second).toBe(first);
    expect(clock.armedTimers).toBe(0);
  });

  it('are done when one is refused because the other has landed without an answer (P1)', async () => {
    const created = create();
    await clock.advance(SLOW_MS);
    // The first lands and its answer is lost on the way; the second meets it.
    expect(await held.land(KEY)).toMatchObject({ outcome: 'done' });
    await held.release(KEY);
    await expect(clock.settle(created)).resolves.toMatchObject({ outcome: 'done' });
    expect(await bytesOf(KEY)).toBe('segment');
  });

  it('that lose may land late: the same bytes, once', async () => {
    const created = create();
    await clock.advance(SLOW_MS);
    const first = held.take(KEY);
    await held.release(KEY);
    await clock.settle(created);
    expect(await first.apply()).toEqual({ outcome: 'refused' });
    expect(await bytesOf(KEY)).toBe('segment');
  });

  it('wait for the other when one is unknown', async () => {
    const created = create();
    await clock.advance(SLOW_MS);
    held.lose(KEY);
    await clock.advance(5_000);
    expect(held.sent).toHaveLength(2);
    await held.release(KEY);
    await expect(clock.settle(created)).resolves.toMatchObject({ outcome: 'done' });
  });

  it('are repeated when both are unknown', async () => {
    const created = create();
    await clock.advance(SLOW_MS);
    held.lose(KEY);
    held.lose(KEY);
    await clock.advance(200);
    expect(held.sent).toHaveLength(3);
    await held.release(KEY);
    await expect(clock.settle(created)).resolves.toMatchObject({ outcome: 'done' });
  });

  it('meet the bytes of somebody else as any put does', async () => {
    await memory.put(KEY, Buffer.from('a seal'), 'create');
    const created = create();
    await clock.advance(SLOW_MS);
    await held.release(KEY);
    await expect(clock.settle(created)).resolves.toMatchObject({ outcome: 'exists' });
  });

  it('stay a small share of all puts, however slow the store is', async () => {
    for (let i = 0; i < 200; i++) {
      const created = create(`log/${i}`);
      await clock.advance(3_000);
      await held.releaseAll();
      await clock.settle(created);
    }
    expect(held.sent.length - 200).toBeLessThanOrEqual(4 + 200 * 0.04);
    expect(held.sent.length - 200).toBeGreaterThan(4);
  });

  it('learn how long puts take', async () => {
    for (let i = 0; i < 64; i++) {
      const created = create(`log/${i}`);
      await clock.advance(30);
      await held.releaseAll();
      await created;
    }
    const created = create('log/slow');
    await clock.advance(30);
    expect(held.heldKeys).toHaveLength(1);
    await clock.advance(2);
    expect(held.sent.slice(64)).toEqual(['log/slow', 'log/slow']);
    await held.releaseAll();
    await clock.settle(created);
  });

  it('end with their caller’s signal', async () => {
    const giveUp = new AbortController();
    const put: Promise<PutOutcome> = hedged.put(KEY, BODY, 'create', { signal: giveUp.signal });
    await clock.advance(10);
    giveUp.abort(new Error('enough'));
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    await clock.advance(SLOW_MS);
    expect(held.sent).toHaveLength(1);
    held.lose(KEY);
    expect((await put).outcome).toBe('unknown');
  });

  it('give one object each on a store that loses replies and lands puts late', async () => {
    const session = { ended: new AbortController().signal } as Session;
    setMaxListeners(100, session.ended);
    for (let seed = 1; seed <= 50; seed++) {
      const inner = new MemoryStore(clock);
      const rates = { 'fail-before': 0.1, 'fail-after': 0.15, late: 0.15, refuse: 0.05, delay: 0.5 };
      const faulty = new FaultyStore(inner, clock, seededRandom(seed), rates);
      faulty.get = inner.get.bind(inner);
      const store = new HedgedStore(faulty, clock, 1);
      const bodies = Array.from({ length: 40 }, (_, i) => Buffer.from(`${seed} ${i}`));
      const outcomes = await clock.settle(
        Promise.all(
          bodies.map((body, i) =>
            settleOwn({ store, clock, random: seededRandom(seed * 100 + i), session }, `log/${i}`, body),
          ),
        ),
      );
      await faulty.landAll();
      for (const [i, body] of bodies.entries()) {
        expect(outcomes[i]?.outcome).toBe('done');
        const object = await inner.get(`log/${i}`);
        expect(object !== undefined && object !== 'not-modified' && Buffer.from(object.body).equals(body)).toBe(true);
      }
    }
  });
});
