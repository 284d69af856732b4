import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { ulidFloorAt, type SessionId } from '@leasehold/foundation';
import { encodeTrafficRecord, type TrafficRecord } from '@leasehold/metering';
import { MemoryStore } from '@leasehold/object-store';
import { VirtualClock } from '@leasehold/object-store-testing';

import { TrafficTake } from './traffic-take.js';

const SESSION = ulidFloorAt(new VirtualClock().now()) as SessionId;
const NEVER = new AbortController().signal;

async function setUp(records: number) {
  const clock = new VirtualClock();
  const store = new MemoryStore(clock);
  const taken: number[] = [];
  const told: TrafficRecord[] = [];
  let old: { session: SessionId; number: number }[] = [];
  const calls: string[] = [];
  const ledger = {
    take: async (record: TrafficRecord) => {
      taken.push(record.number);
      told.push(record);
      return { isNew: true, conflicts: [] };
    },
    lastNumber: async () => Math.max(0, ...taken),
    sessionsSince: async () => [SESSION],
    passed: async () => undefined,
    completeTo: async () => clock.now(),
    forgetRows: async () => void calls.push('rows'),
    oldRecords: async (limit: number) => old.slice(0, limit),
    forgetRecords: async (gone: readonly { number: number }[]) => {
      calls.push(`records ${gone.map(({ number }) => number).join()}`);
      // Nothing is forgotten that is still there: it would be taken again.
      for (const { number } of gone) {
        expect(await store.get(bucketLayout.trafficRecord(SESSION, number))).toBeUndefined();
      }
      old = old.slice(gone.length);
    },
  };
  for (let number = 1; number <= records; number++) {
    const record = { session: SESSION, number, from: 0, to: 1, minutes: [], others: 0 };
    await store.put(bucketLayout.trafficRecord(SESSION, number), encodeTrafficRecord(record), 'create');
  }
  const take = new TrafficTake({ store, clock, ledger, onDamaged: () => undefined, onConflict: () => undefined });
  const left = async () => (await store.list(bucketLayout.traffic)).objects.length;
  const setOld = (numbers: readonly number[]) => void (old = numbers.map((number) => ({ session: SESSION, number })));
  return { take, taken, told, calls, left, setOld, store };
}

describe('the taking of traffic', () => {
  it('takes what is new, once, and lets go of rows that are too old', async () => {
    const { take, taken, calls, left } = await setUp(3);
    expect(await take.pass(NEVER)).toMatchObject({ records: 3, damaged: 0 });
    expect(await take.pass(NEVER)).toMatchObject({ records: 0 });
    expect([taken, calls, await left()]).toEqual([[1, 2, 3], ['rows', 'rows'], 3]);
  });

  it('deletes old records in a full pass, from the bucket first', async () => {
    const { take, calls, left, setOld } = await setUp(3);
    setOld([1, 2]);
    await take.pass(NEVER);
    expect(await left()).toBe(3);
    await take.pass(NEVER, { full: true });
    expect([calls, await left()]).toEqual([['rows', 'rows', 'records 1,2'], 1]);
  });

  it('takes one that cannot be read as one that tells nothing, so that it goes with the others', async () => {
    const { take, taken, told, left, setOld, store } = await setUp(3);
    await store.delete(bucketLayout.trafficRecord(SESSION, 2));
    await store.put(bucketLayout.trafficRecord(SESSION, 2), new Uint8Array([1, 2, 3]), 'create');
    expect(await take.pass(NEVER)).toMatchObject({ records: 2, damaged: 1 });
    expect([taken, told[1]]).toMatchObject([
      [1, 2, 3],
      { session: SESSION, minutes: [], to: new VirtualClock().now() },
    ]);
    setOld(taken);
    await take.pass(NEVER, { full: true });
    expect(await left()).toBe(0);
  });

  it('forgets nothing that the bucket did not delete', async () => {
    const { take, calls, setOld, store } = await setUp(2);
    setOld([1]);
    store.delete = () => Promise.reject(new Error('the bucket is away'));
    await expect(take.pass(NEVER, { full: true })).rejects.toThrow('the bucket is away');
    expect(calls).toEqual(['rows']);
  });
});
