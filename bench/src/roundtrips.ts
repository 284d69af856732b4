import { utf8 } from '@leasehold/foundation';

import type { Benchmark, BenchmarkRow } from './benchmark.js';
import { BenchWorker, BenchWorld, type Cost } from './bench-worker.js';

const SMALL_KEYS = 100;
const VALUE_BYTES = 100;
/** Above the 64 KiB that lie in the head, in several files and then compacted into L1. */
const LARGE_ROUNDS = 4;
const LARGE_KEYS_A_ROUND = 1_000;
const LARGE_VALUE_BYTES = 1_000;
const HOUR_MS = 3_600_000;
/** When segments of the first write have been trimmed, in either case. */
const SETTLED_AT_MS = 60_000;

/**
 * How many requests to the bucket have to wait for one another: the measure that no hardware changes. Virtual time,
 * production settings, through the same interface as apps/worker.
 */
export const roundtrips: Benchmark = {
  name: 'roundtrips',
  about: 'round trips to the bucket of cold and warm reads and writes, and requests of an idle database',
  measure: async () => {
    const small = await measureSmall();
    return [
      row('cold-read-small', small.coldRead, 1, 'strong read of an unowned database that lies in its head'),
      row('cold-read-large', await measureColdLarge(), 3, 'strong read of an unowned database in L1 files'),
      row('cold-write', small.coldWrite, 2, 'unconditional write to an unowned database, until durable'),
      row('warm-read', small.warmRead, 0, 'read of an owned database'),
      row('warm-write', small.warmWrite, 1, 'write to an owned database, until durable'),
      await measureIdle(),
    ];
  },
};

async function measureSmall(): Promise<Record<'coldRead' | 'coldWrite' | 'warmRead' | 'warmWrite', Cost>> {
  const world = new BenchWorld();
  const database = world.database();
  const writer = await BenchWorker.start(world);
  await world.clock.settle(fill(writer, database, SMALL_KEYS, VALUE_BYTES, 'k'));
  await world.clock.settle(writer.releaseAll());
  writer.stop();
  const worker = await BenchWorker.start(world);
  worker.stopWatching();
  const key = utf8('k7');
  const coldRead = await worker.cost(() => worker.get(database, key));
  const coldWrite = await worker.cost(() => worker.put(database, key, utf8('cold')));
  const warmRead = await worker.cost(() => worker.get(database, key));
  const warmWrite = await worker.cost(() => worker.put(database, key, utf8('warm')));
  worker.stop();
  return { coldRead, coldWrite, warmRead, warmWrite };
}

async function measureColdLarge(): Promise<Cost> {
  const world = new BenchWorld();
  const database = world.database();
  const writer = await BenchWorker.start(world);
  for (let round = 0; round < LARGE_ROUNDS; round++) {
    await world.clock.settle(fill(writer, database, LARGE_KEYS_A_ROUND, LARGE_VALUE_BYTES, `k${round}-`));
    await world.clock.settle(writer.releaseAll());
  }
  writer.stop();
  await world.compact(database);
  const worker = await BenchWorker.start(world);
  worker.stopWatching();
  const cost = await worker.cost(() => worker.get(database, utf8('k2-500')));
  worker.stop();
  return cost;
}

/** An hour with the database open beside the same hour after it was given up: what differs is what it asked for. */
async function measureIdle(): Promise<BenchmarkRow> {
  const requestsOfAnHour = async (open: boolean): Promise<number> => {
    const world = new BenchWorld();
    const worker = await BenchWorker.start(world);
    await world.clock.settle(worker.put(world.database(), utf8('k'), utf8('v')));
    await world.clock.settle(Promise.all(worker.access.databases.open().map((database) => database.flush())));
    if (!open) await world.clock.settle(worker.releaseAll());
    await world.clock.advance(SETTLED_AT_MS - world.clock.monotonic());
    const before = world.store.requests;
    await world.clock.advance(HOUR_MS);
    const requests = world.store.requests - before;
    worker.stop();
    return requests;
  };
  const value = Math.max(0, (await requestsOfAnHour(true)) - (await requestsOfAnHour(false)));
  return {
    ...row('idle-requests', { roundTrips: value, requests: value }, 0, 'an owned database, idle for an hour'),
    unit: 'requests/h',
  };
}

async function fill(
  worker: BenchWorker,
  database: ReturnType<BenchWorld['database']>,
  keys: number,
  valueBytes: number,
  prefix: string,
): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(0x61);
  await Promise.all(Array.from({ length: keys }, (_, n) => worker.put(database, utf8(`${prefix}${n}`), value)));
}

function row(id: string, cost: Cost, target: number, about: string): BenchmarkRow {
  return {
    id,
    value: cost.roundTrips,
    unit: 'round trips',
    target,
    better: 'lower',
    peer: null,
    ratio: null,
    mode: 'virtual time, default settings',
    note: `${about}; ${cost.requests} requests`,
  };
}
