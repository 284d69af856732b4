import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { seededRandom, ulidFloorAt, utf8, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { encodeUsageRecord, LaterFormatError, type UsageRecord } from '@leasehold/metering';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';

import { USAGE_RECORDS } from './record-series.js';
import { RollUp } from './roll-up.js';

/** Begun so many minutes after the clock's beginning. */
const sessionOf = (n: number, minutes = 0) =>
  `${ulidFloorAt(new VirtualClock().now() + minutes * 60_000).slice(0, 10)}${String(n).padStart(16, '0')}` as SessionId;
const [A, B] = [sessionOf(1), sessionOf(2)];
const DATABASE = '00000000-0000-4000-8000-000000000001' as DatabaseId;
const NEVER = new AbortController().signal;

async function setUp() {
  const clock = new VirtualClock();
  const bucket = new MemoryStore(clock);
  const store = new FaultyStore(bucket, clock, seededRandom(1));
  const taken: string[] = [];
  const again: string[] = [];
  const passed: number[] = [];
  const damaged: string[] = [];
  const conflicts: unknown[] = [];
  const conflicting = new Set<string>();
  /** Of the records that were taken, until when they tell. */
  const reaches = new Map<string, number>();
  let failAfter = Infinity;
  const ledger = {
    take: async ({ session, number, to }: UsageRecord) => {
      const name = `${session} ${number}`;
      if (taken.length >= failAfter) throw new Error('the ledger is down');
      if (taken.includes(name)) again.push(name);
      else taken.push(name);
      reaches.set(name, to);
      return { isNew: true, conflicts: conflicting.has(name) ? [DATABASE] : [] };
    },
    lastNumber: async (session: SessionId) =>
      Math.max(0, ...taken.filter((name) => name.startsWith(session)).map((name) => Number(name.split(' ')[1]))),
    sessionsSince: async (time: number) => [
      ...new Set(
        taken.filter((name) => (reaches.get(name) ?? 0) >= time).map((name) => name.split(' ')[0] as SessionId),
      ),
    ],
    passed: async (completeTo: number) => void passed.push(completeTo),
    completeTo: async () => passed.at(-1),
  };
  const rollUpOf = () =>
    new RollUp({
      series: USAGE_RECORDS,
      store,
      clock,
      ledger,
      onDamaged: (name) => void damaged.push(name),
      onConflict: (name, databases) => void conflicts.push([name, databases]),
    });
  const write = async (session: SessionId, number: number, says: Partial<UsageRecord> = {}) => {
    const record = { session, number, from: 0, to: clock.now(), databases: [], ...says };
    await bucket.put(bucketLayout.usageRecord(session, number), encodeUsageRecord(record), 'create');
  };
  const setLedger = (after: number) => void (failAfter = after);
  return {
    ...{ clock, store, bucket, write, rollUp: rollUpOf(), rollUpOf, setLedger },
    ...{ taken, again, passed, damaged, conflicts, conflicting },
  };
}

describe('a roll-up', () => {
  it('takes what is new of every session, once', async () => {
    const { rollUp, write, taken, again } = await setUp();
    await write(A, 1);
    await write(A, 2);
    await write(B, 1);
    expect(await rollUp.pass(NEVER)).toEqual({ sessions: 2, records: 3, damaged: 0, behind: 0 });
    await write(A, 3);
    expect(await rollUp.pass(NEVER)).toEqual({ sessions: 2, records: 1, damaged: 0, behind: 0 });
    expect([taken, again]).toEqual([[`${A} 1`, `${A} 2`, `${B} 1`, `${A} 3`], []]);
  });

  it('goes on where another one, or its former self, had come to', async () => {
    const { rollUp, rollUpOf, write, taken, again } = await setUp();
    await write(A, 1);
    for (let i = 0; i < 2; i++) await rollUp.pass(NEVER);
    await write(A, 2);
    await rollUpOf().pass(NEVER);
    await rollUp.pass(NEVER);
    // It cannot know of the other, and asks the ledger again, which counts nothing twice.
    expect([taken, again]).toEqual([[`${A} 1`, `${A} 2`], [`${A} 2`]]);
  });

  it('costs a listing and one read a session where nothing is new', async () => {
    const { rollUp, clock, store, write, bucket } = await setUp();
    await write(A, 1);
    for (const minutes of [15, 1]) {
      await rollUp.pass(NEVER);
      clock.advance(minutes * 60_000);
    }
    const calls: string[] = [];
    const counted = new Proxy(bucket, {
      get: (target, name: keyof MemoryStore) => {
        const method = target[name];
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          calls.push(name);
          return (method as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    Object.assign(store, { store: counted });
    await rollUp.pass(NEVER);
    expect(calls).toEqual(['get', 'list']);
  });

  it('says how far everything is taken, as of when it began to look, and only then', async () => {
    const { rollUp, clock, store, write, passed, setLedger } = await setUp();
    await write(A, 1);
    const beganAt = clock.now();
    await rollUp.pass(NEVER);
    expect(passed).toEqual([beganAt]);
    await write(A, 2);
    setLedger(1);
    await expect(rollUp.pass(NEVER)).rejects.toThrow('the ledger is down');
    setLedger(Infinity);
    store.next('get', 'fail-before');
    await expect(rollUp.pass(NEVER)).rejects.toMatchObject({ kind: 'unavailable' });
    store.next('list', 'fail-before');
    await expect(rollUp.pass(NEVER)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(passed).toHaveLength(1);
    await rollUp.pass(NEVER);
    expect(passed).toHaveLength(2);
  });

  it('passes over a record that cannot be read, or that is another one, and says so', async () => {
    const { rollUp, bucket, write, taken, damaged, passed } = await setUp();
    await bucket.put(bucketLayout.usageRecord(A, 1), utf8('nonsense'), 'create');
    await write(A, 2, { number: 7 });
    await write(A, 3, { session: B });
    await write(A, 4);
    expect(await rollUp.pass(NEVER)).toMatchObject({ records: 1, damaged: 3 });
    expect(damaged).toEqual([1, 2, 3].map((number) => bucketLayout.usageRecord(A, number)));
    expect([taken, passed.length]).toEqual([[`${A} 4`], 1]);
  });

  it('waits at a record that a later version wrote, takes everything else, and tells that it is not complete', async () => {
    const { rollUp, bucket, write, taken, damaged, passed } = await setUp();
    await write(A, 1);
    const later = gzipSync(utf8('{"format":2,"whatever":"it says"}\n'));
    await bucket.put(bucketLayout.usageRecord(A, 2), later, 'create');
    await write(A, 3);
    await write(B, 1);
    for (let pass = 0; pass < 2; pass++) await expect(rollUp.pass(NEVER)).rejects.toThrow(LaterFormatError);
    expect([taken, damaged, passed]).toEqual([[`${A} 1`, `${B} 1`], [], []]);
    // As it is for a version that knows it.
    await bucket.delete(bucketLayout.usageRecord(A, 2));
    await write(A, 2);
    expect(await rollUp.pass(NEVER)).toMatchObject({ records: 2 });
    expect([taken.slice(2), passed.length]).toEqual([[`${A} 2`, `${A} 3`], 1]);
  });

  it('tells of databases whose counters contradict what is known', async () => {
    const { rollUp, write, conflicting, conflicts } = await setUp();
    await write(A, 1);
    conflicting.add(`${A} 1`);
    await rollUp.pass(NEVER);
    expect(conflicts).toEqual([[bucketLayout.usageRecord(A, 1), [DATABASE]]]);
  });

  it('finds sessions that begin later, and asks no more of those that are quiet for long', async () => {
    const { rollUp, clock, write, taken } = await setUp();
    await write(A, 1);
    await rollUp.pass(NEVER);
    for (let minutes = 20; minutes <= 100; minutes += 20) {
      clock.advance(20 * 60_000);
      await write(sessionOf(minutes, minutes), 1);
      await rollUp.pass(NEVER);
    }
    expect(taken).toHaveLength(6);
    clock.advance(60_000);
    // Those of the last forty minutes.
    expect(await rollUp.pass(NEVER)).toMatchObject({ sessions: 3, records: 0 });
  });

  it('finds in a full pass what a clock far behind has hidden', async () => {
    const { rollUp, clock, bucket, write } = await setUp();
    clock.advance(60 * 60_000);
    await rollUp.pass(NEVER);
    for (const number of [1, 2, 3]) await write(sessionOf(7), number);
    await write(sessionOf(9), 1);
    await bucket.put('usage/nonsense', utf8('x'), 'create');
    expect(await rollUp.pass(NEVER)).toMatchObject({ sessions: 0, records: 0 });
    expect(await rollUp.pass(NEVER, { full: true })).toMatchObject({ sessions: 2, records: 4 });
  });

  it('asks all sessions that ever were, however many, and finds its way back when the time of another one was ahead', async () => {
    const { rollUp, clock, write, passed, store } = await setUp();
    passed.push(clock.now() + 24 * 60 * 60_000);
    await write(A, 1);
    expect(await rollUp.pass(NEVER)).toMatchObject({ sessions: 1, records: 1 });
    const many = 20_001;
    const list = async (_: string, { startAfter = '' }: { readonly startAfter?: string } = {}) => {
      const n = startAfter === '' ? 1 : Number(startAfter.slice(-17, -1)) + 1;
      const key = bucketLayout.usageRecord(sessionOf(n), 1);
      return { objects: n > many ? [] : [{ key }] };
    };
    Object.assign(store, { store: { list, get: async () => undefined } });
    expect(await rollUp.pass(NEVER, { full: true })).toMatchObject({ sessions: many });
  });

  it('takes very many records of a session in several passes, and keeps no other session waiting', async () => {
    const { rollUp, write, taken, passed } = await setUp();
    for (let number = 1; number <= 1_500; number++) await write(A, number);
    await write(B, 1);
    await expect(rollUp.pass(NEVER)).rejects.toMatchObject({ kind: 'unavailable' });
    expect([taken.length, taken.includes(`${B} 1`), passed.length]).toEqual([1_001, true, 0]);
    await rollUp.pass(NEVER);
    expect([taken.length, passed.length]).toEqual([1_501, 1]);
  });

  it('ends when it is told to', async () => {
    const { rollUp, write } = await setUp();
    await write(A, 1);
    const reason = new Error('enough');
    await expect(rollUp.pass(AbortSignal.abort(reason))).rejects.toThrow();
  });
});
