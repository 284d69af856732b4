import { setMaxListeners } from 'node:events';

import { HeadStore } from '@leasehold/engine';
import { systemRandom, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { SessionWatch } from '@leasehold/lease';
import { MemoryStore } from '@leasehold/object-store';
import { CrashingSession, createFlushedDatabase, TTL_MS } from '@leasehold/upkeep-testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { recoverSession } from '../sessions/recover-session.js';
import { eraseJob } from './erase-job.js';

const DATABASE = '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d' as DatabaseId;
const DAY_MS = 86_400_000;
const SIGNAL = new AbortController().signal;
// As of every job: its requests listen.
setMaxListeners(1_000, SIGNAL);

describe('the job that erases', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let watch: SessionWatch;
  let isDeleted: boolean;
  let told: string[];
  const stops: (() => void)[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    store = new MemoryStore(clock);
    isDeleted = true;
    told = [];
    watch = new SessionWatch(ctx());
    await clock.settle(watch.start());
    stops.push(() => watch.stop());
  });
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  const ctx = () => ({ store, clock, random: systemRandom });
  const objects = async () => (await store.list(`db/${DATABASE}/`)).objects.length;

  async function erase(): Promise<readonly string[]> {
    told = [];
    const { erase } = eraseJob(
      {
        ...ctx(),
        watch,
        ledger: {
          begin: async () => isDeleted,
          postpone: async (_, forMs) => void told.push(`again in ${forMs / 3_600_000} h`),
          done: async () => void told.push('done'),
        },
        queues: { enqueueRecovery: () => void told.push('recover') },
        erased: ({ outcome }) => void told.push(outcome),
      },
      { keepTombstoneMs: DAY_MS },
    );
    await clock.settle(erase({ databaseId: DATABASE }, SIGNAL));
    return told;
  }

  async function startSession(): Promise<CrashingSession> {
    const session = await CrashingSession.start(ctx());
    stops.push(() => session.kill());
    await clock.advance(2_000);
    return session;
  }

  it('touches nothing that somebody may have back', async () => {
    await createFlushedDatabase(ctx(), DATABASE, 3);
    isDeleted = false;
    expect([await erase(), await objects()]).toEqual([[], 4]);
  });

  it('deletes bytes at once, and its tombstone a day later', async () => {
    await createFlushedDatabase(ctx(), DATABASE, 3);
    expect([await erase(), await objects()]).toEqual([['buried', 'again in 25 h'], 1]);
    clock.pause(2 * DAY_MS);
    // Nothing tells the hour to a store without sessions.
    expect([await erase(), await objects()]).toEqual([['buried', 'again in 25 h'], 1]);
    await startSession();
    expect([await erase(), await objects()]).toEqual([['erased', 'done'], 0]);
  });

  it('waits for a worker that has it, and has one that died recovered first', async () => {
    const session = await startSession();
    await session.claim(DATABASE);
    await session.commit(DATABASE, 1);
    expect(await erase()).toEqual(['owned', `again in ${1 / 6} h`]);
    session.kill();
    await clock.advance(TTL_MS * 1.1 + 2_000);
    expect(await erase()).toEqual(['owned', 'recover', `again in ${1 / 6} h`]);
    const settings = { databasesAtOnce: 4, watchTimeoutMs: 15_000 };
    await clock.settle(recoverSession({ ...ctx(), watch }, session.id as SessionId, settings, SIGNAL));
    expect(await erase()).toEqual(['buried', 'again in 25 h']);
    const head = await new HeadStore(ctx()).load(DATABASE);
    expect(head?.head.lastCommit.sequence).toBe(1);
  });

  it('is done with one that was never written to', async () => {
    expect(await erase()).toEqual(['erased', 'done']);
  });

  it('tells the hour by the last session, however many have ended before it', async () => {
    await createFlushedDatabase(ctx(), DATABASE, 3);
    expect(await erase()).toEqual(['buried', 'again in 25 h']);
    (await startSession()).kill();
    clock.pause(2 * DAY_MS);
    await startSession();
    const list = store.list.bind(store);
    store.list = (prefix, options) => list(prefix, { ...options, limit: 1 });
    expect(await erase()).toEqual(['erased', 'done']);
  });

  it('lets others go first when it fails, and says so', async () => {
    await createFlushedDatabase(ctx(), DATABASE, 3);
    store.list = async () => {
      throw new Error('the bucket does not answer');
    };
    const failed = await erase().catch((error: unknown) => error);
    expect([failed, told]).toEqual([new Error('the bucket does not answer'), [`again in ${1 / 6} h`]]);
  });
});
