import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { seededRandom, type Clock, type DatabaseId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { decodeUsageRecord, SESSION_QUIET_MS, UsageMeter, type UsageRecord } from '@leasehold/metering';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';

import { UsageRecorder } from './usage-recorder.js';

const READ = { requests: 1, readUnits: 1, egressBytes: 10 };
const databaseOf = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}` as DatabaseId;

function setUp<C extends Clock = VirtualClock>(seed = 1, clock: C = new VirtualClock() as Clock as C) {
  const random = seededRandom(seed);
  const bucket = new MemoryStore(clock);
  const store = new FaultyStore(bucket, clock, random);
  const meter = new UsageMeter();
  const failures: unknown[] = [];
  const onFailed = (error: unknown) => void failures.push(error);
  const recorder = new UsageRecorder({ store, clock, random, meter, onFailed }, { intervalMs: 1_000 });
  const records = async (): Promise<readonly UsageRecord[]> => {
    const { objects } = await bucket.list(bucketLayout.usage);
    return Promise.all(
      objects.map(async ({ key }) => {
        const object = await bucket.get(key);
        if (object === undefined || object === 'not-modified') throw new Error('listed, and not there');
        const record = decodeUsageRecord(object.body);
        expect(bucketLayout.parseUsageRecord(key)).toEqual({ session: record.session, number: record.number });
        return record;
      }),
    );
  };
  return { clock, store, meter, recorder, records, failures };
}

const requestsOf = (records: readonly UsageRecord[]) =>
  records
    .flatMap(({ databases }) => databases.flatMap(({ reads }) => reads))
    .reduce((sum, { requests }) => sum + requests, 0);

describe('a usage recorder', () => {
  it('writes what was told, in records that go on where the one before ended', async () => {
    const { clock, meter, recorder, records } = setUp();
    const startedAt = clock.now();
    meter.read(databaseOf(1), clock.now(), 'k', READ);
    clock.advance(500);
    await recorder.record();
    meter.read(databaseOf(2), clock.now(), 'k', READ);
    clock.advance(700);
    await recorder.record();
    expect((await records()).map(({ number, from, to }) => [number, from - startedAt, to - startedAt])).toEqual([
      [1, 0, 500],
      [2, 500, 1_200],
    ]);
  });

  it('begins another session after a long quiet', async () => {
    const { clock, meter, recorder, records } = setUp();
    for (const pauseMs of [0, SESSION_QUIET_MS, SESSION_QUIET_MS + 1, 0]) {
      clock.advance(pauseMs);
      meter.read(databaseOf(1), clock.now(), 'k', READ);
      await recorder.record();
    }
    const written = await records();
    expect(written.map(({ number }) => number)).toEqual([1, 2, 1, 2]);
    expect(new Set(written.map(({ session }) => session)).size).toBe(2);
    expect(written.map(({ from }) => from).slice(1)).toEqual(written.map(({ to }) => to).slice(0, -1));
  });

  it('costs nothing while nothing happens', async () => {
    const { recorder, store, records } = setUp();
    store.next('put', 'fail-before');
    await recorder.record();
    await recorder.record();
    expect([await records(), store.trace]).toEqual([[], []]);
  });

  it('loses nothing and tells nothing twice, whatever becomes of its puts and their answers', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { clock, store, meter, recorder, records } = setUp(seed);
      const rates = { 'fail-before': 0.3, 'fail-after': 0.3, late: 0.1, delay: 0.1 };
      let told = 0;
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i <= round % 3; i++, told++) meter.read(databaseOf(i), clock.now(), 'k', READ);
        store.setRates(round === 9 ? {} : rates);
        await recorder.record().catch(() => undefined);
      }
      await recorder.record();
      const written = await records();
      expect([seed, requestsOf(written)]).toEqual([seed, told]);
      expect(written.map(({ number }) => number)).toEqual(written.map((_, i) => i + 1));
    }
  });

  it('does not touch a record that was begun, when more is told before the bucket has it', async () => {
    const { clock, store, meter, recorder, records } = setUp();
    meter.read(databaseOf(1), clock.now(), 'k', READ);
    store.setRates({ 'fail-after': 1 });
    await expect(recorder.record()).rejects.toThrow();
    meter.read(databaseOf(1), clock.now(), 'k', READ);
    store.setRates({});
    await recorder.record();
    expect((await records()).map(({ databases }) => databases[0]?.reads[0]?.requests)).toEqual([1, 1]);
  });

  it('makes several records of very much', async () => {
    const { clock, meter, recorder, records } = setUp();
    for (let i = 0; i < 15; i++) {
      for (let key = 0; key < 9_000; key++) meter.read(databaseOf(i), clock.now(), `k${key}`, READ);
    }
    await recorder.record();
    const written = await records();
    expect([written.length, requestsOf(written)]).toEqual([2, 135_000]);
  });

  it('tells of failures while it goes on by itself, and stops', async () => {
    const clock = new FakeClock();
    const { store, meter, recorder, records, failures } = setUp(1, clock);
    meter.read(databaseOf(1), clock.now(), 'k', READ);
    store.setRates({ 'fail-before': 1 });
    recorder.start();
    await clock.advance(100_000);
    expect(failures.length).toBeGreaterThan(1);
    store.setRates({});
    await clock.advance(100_000);
    expect(await records()).toHaveLength(1);
    await recorder.stop();
    meter.read(databaseOf(1), clock.now(), 'k', READ);
    await clock.advance(10_000);
    expect(await records()).toHaveLength(1);
  });
});
