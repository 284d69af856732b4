import { beforeEach, describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { MemoryStore } from '../memory-store.js';
import type { GetOptions, ObjectStore, StoredObject } from '../object-store.js';
import { StoreUnavailableError } from '../store-errors.js';
import { hedgedReads } from './hedged-reads.js';

type Answer = StoredObject | 'not-modified' | undefined;
interface HeldGet {
  readonly options: GetOptions | undefined;
  readonly answer: () => Promise<void>;
  readonly fail: (error: Error) => void;
}

/** Longer than anything is expected to take before there were any gets. */
const SLOW_MS = 600;
const SHARE = 0.25;

let clock: FakeClock;
let memory: MemoryStore;
let gets: HeldGet[];
let store: ObjectStore;

beforeEach(async () => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  await memory.put('a', utf8('value'), 'create');
  gets = [];
  const get: ObjectStore['get'] = (key, options) =>
    new Promise<Answer>((resolve, reject) => {
      gets.push({ options, answer: async () => resolve(await memory.get(key, options)), fail: reject });
    });
  const held: ObjectStore = {
    get,
    put: memory.put.bind(memory),
    delete: memory.delete.bind(memory),
    list: memory.list.bind(memory),
  };
  store = hedgedReads(held, clock, SHARE);
});

/** Asks, and answers after so long: what the expectation learns from. */
async function getTaking(ms: number): Promise<void> {
  const asked = store.get('a');
  await clock.advance(ms);
  await gets.pop()?.answer();
  await clock.settle(asked);
}

describe('hedged reads', () => {
  it('are sent once when the first is answered in time', async () => {
    const asked = store.get('a', { range: { start: 1, end: 3 } });
    await clock.advance(10);
    await gets[0]?.answer();
    expect(await clock.settle(asked)).toMatchObject({ body: utf8('al'), sizeBytes: 5 });
    await clock.advance(SLOW_MS);
    expect(gets).toHaveLength(1);
    expect(clock.armedTimers).toBe(0);
  });

  it('are won by the second when the first is slow, and the first is aborted', async () => {
    const asked = store.get('a', { ifNoneMatch: 'x', traceparent: 'trace' });
    await clock.advance(SLOW_MS);
    expect(gets).toHaveLength(2);
    expect(gets[1]?.options).toMatchObject({ ifNoneMatch: 'x', traceparent: 'trace' });
    await gets[1]?.answer();
    expect(await clock.settle(asked)).toMatchObject({ body: utf8('value') });
    expect(gets[0]?.options?.signal?.aborted).toBe(true);
    expect(clock.armedTimers).toBe(0);
  });

  it('wait for the other when one has no answer, and fail when neither has one', async () => {
    const asked = store.get('a');
    await clock.advance(SLOW_MS);
    gets[0]?.fail(new StoreUnavailableError('reset'));
    await gets[1]?.answer();
    expect(await clock.settle(asked)).toMatchObject({ body: utf8('value') });

    const failing = store.get('a').catch((error: Error) => error);
    await clock.advance(SLOW_MS);
    for (const get of gets.slice(2)) get.fail(new StoreUnavailableError('reset'));
    expect(await clock.settle(failing)).toBeInstanceOf(StoreUnavailableError);
  });

  it('leave a failure to whoever repeats reads, as long as nothing is slow', async () => {
    const failing = store.get('a').catch((error: Error) => error);
    gets[0]?.fail(new StoreUnavailableError('reset'));
    expect(await clock.settle(failing)).toBeInstanceOf(StoreUnavailableError);
    await clock.advance(SLOW_MS);
    expect(gets).toHaveLength(1);
  });

  it('learn what is slow from the reads before', async () => {
    for (let n = 0; n < 64; n++) await getTaking(40);
    const asked = store.get('a');
    await clock.advance(39);
    expect(gets).toHaveLength(1);
    await clock.advance(3);
    expect(gets).toHaveLength(2);
    await gets[0]?.answer();
    await clock.settle(asked);
  });

  it('are that share of all reads when every one is slow', async () => {
    let sent = 0;
    const asked = 400;
    for (let n = 0; n < asked; n++) {
      const answered = store.get('a');
      await clock.advance(3_000);
      sent += gets.length;
      for (const get of gets.splice(0)) await get.answer();
      await clock.settle(answered);
    }
    expect(sent - asked).toBeGreaterThan(asked * SHARE * 0.9);
    expect(sent - asked).toBeLessThanOrEqual(asked * SHARE + 4);
  });

  it('end with their caller, and forget it', async () => {
    const caller = new AbortController();
    const asked = store.get('a', { signal: caller.signal }).catch((error: Error) => error);
    caller.abort(new Error('gone'));
    expect(gets[0]?.options?.signal?.aborted).toBe(true);
    await clock.advance(SLOW_MS);
    expect(gets).toHaveLength(1);
    gets[0]?.fail(new StoreUnavailableError('read was abandoned'));
    expect(await clock.settle(asked)).toBeInstanceOf(StoreUnavailableError);
    expect(clock.armedTimers).toBe(0);
  });

  it('are none where the share is none', () => {
    expect(hedgedReads(memory, clock, 0)).toBe(memory);
  });
});
