import type { DatabaseIdentity } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';

import type { BenchWorker } from './bench-worker.js';
import type { Benchmark, BenchmarkRow } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import { SLATEDB } from './peer/slatedb.js';
import { BenchBucket, s3Environment, trafficSince } from './world/bench-bucket.js';
import { get, put } from './world/requests.js';
import type { Cost } from './world/virtual-world.js';
import { VirtualWorld } from './world/virtual-world.js';

const SMALL_KEYS = 100;
const VALUE_BYTES = 100;
/** Above the 64 KiB that lie in the head, in several files and then compacted into L1. */
const LARGE_ROUNDS = 4;
const LARGE_KEYS_A_ROUND = 1_000;
const LARGE_VALUE_BYTES = 1_000;
const HOUR_MS = 3_600_000;
/** When segments of the first write have been trimmed, in either case. */
const SETTLED_AT_MS = 60_000;
/** Of the peer's bucket, far above what the requests themselves take. */
const PEER_DISTANCE_MS = 100;
/** Of an hour of the peer's idling; its rhythms are of seconds. */
const PEER_IDLE_MS = { full: 20_000, quick: 2_000 };

type PeerOperation = 'coldReadSmall' | 'coldReadLarge' | 'coldWrite' | 'warmRead' | 'warmWrite';
type PeerCosts = Readonly<Record<PeerOperation, Cost>> & { readonly idleRequestsAnHour: number };

/**
 * How many requests to the bucket have to wait for one another: the measure that no hardware changes. Ours in virtual time with
 * production settings, through the same interface as apps/worker; the peer's by elapsed time over a bucket at a fixed distance.
 */
export const roundtrips: Benchmark = {
  name: 'roundtrips',
  about: 'round trips to the bucket of cold and warm reads and writes, and requests of an idle database',
  measure: async ({ size, say }) => {
    const small = await measureSmall();
    const coldReadLarge = await measureColdLarge();
    const idle = await measureIdle();
    say?.('the peer');
    const peer = await measurePeer(PEER_IDLE_MS[size]);
    return [
      row(
        'cold-read-small',
        small.coldRead,
        1,
        peer.coldReadSmall,
        'strong read of an unowned database that lies in its head',
      ),
      row('cold-read-large', coldReadLarge, 3, peer.coldReadLarge, 'strong read of an unowned database in L1 files'),
      row(
        'cold-write',
        small.coldWrite,
        2,
        peer.coldWrite,
        'unconditional write to an unowned database, until durable',
      ),
      row('warm-read', small.warmRead, 0, peer.warmRead, 'read of an owned database'),
      row('warm-write', small.warmWrite, 1, peer.warmWrite, 'write to an owned database, until durable'),
      {
        ...row(
          'idle-requests',
          { roundTrips: idle, requests: idle },
          0,
          undefined,
          'an owned database, idle for an hour',
        ),
        unit: 'requests/h',
        peer: { name: SLATEDB, value: rounded(peer.idleRequestsAnHour) },
      },
    ];
  },
};

async function measureSmall(): Promise<Record<'coldRead' | 'coldWrite' | 'warmRead' | 'warmWrite', Cost>> {
  const world = new VirtualWorld();
  const database = world.database();
  const writer = await world.worker();
  await world.clock.settle(fill(writer, database, SMALL_KEYS, VALUE_BYTES, 'k'));
  await world.clock.settle(writer.releaseAll());
  await writer.stop();
  const worker = await world.worker();
  worker.stopWatching();
  const key = utf8('k7');
  const coldRead = await world.cost(() => get(worker, database, key));
  const coldWrite = await world.cost(() => put(worker, database, key, utf8('cold')));
  const warmRead = await world.cost(() => get(worker, database, key));
  const warmWrite = await world.cost(() => put(worker, database, key, utf8('warm')));
  await worker.stop();
  return { coldRead, coldWrite, warmRead, warmWrite };
}

async function measureColdLarge(): Promise<Cost> {
  const world = new VirtualWorld();
  const database = world.database();
  const writer = await world.worker();
  for (let round = 0; round < LARGE_ROUNDS; round++) {
    await world.clock.settle(fill(writer, database, LARGE_KEYS_A_ROUND, LARGE_VALUE_BYTES, `k${round}-`));
    await world.clock.settle(writer.releaseAll());
  }
  await writer.stop();
  await world.compact(database);
  const worker = await world.worker();
  worker.stopWatching();
  const cost = await world.cost(() => get(worker, database, utf8('k2-500')));
  await worker.stop();
  return cost;
}

/** An hour with the database open beside the same hour after it was given up: what differs is what it asked for. */
async function measureIdle(): Promise<number> {
  const requestsOfAnHour = async (open: boolean): Promise<number> => {
    const world = new VirtualWorld();
    const worker = await world.worker();
    await world.clock.settle(put(worker, world.database(), utf8('k'), utf8('v')));
    await world.clock.settle(worker.flushAll());
    if (!open) await world.clock.settle(worker.releaseAll());
    await world.clock.advance(SETTLED_AT_MS - world.clock.monotonic());
    const before = world.store.requests;
    await world.clock.advance(HOUR_MS);
    const requests = world.store.requests - before;
    await worker.stop();
    return requests;
  };
  return Math.max(0, (await requestsOfAnHour(true)) - (await requestsOfAnHour(false)));
}

async function measurePeer(idleMs: number): Promise<PeerCosts> {
  const bucket = await BenchBucket.start();
  const peer = Child.start('../peer/slatedb-main', { env: s3Environment(bucket.url) });
  const cost = async (method: string, argument: unknown): Promise<Cost> => {
    const before = await bucket.traffic();
    const elapsedMs = await peer.call<number>(method, argument);
    const { requests } = trafficSince(await bucket.traffic(), before);
    // What is left of a round trip is its own work; a pause in between, for a batch say, counts as waiting.
    return { roundTrips: Math.round(elapsedMs / PEER_DISTANCE_MS), requests };
  };
  try {
    for (const [path, keys, valueBytes] of [
      ['small', SMALL_KEYS, VALUE_BYTES],
      ['large', LARGE_ROUNDS * LARGE_KEYS_A_ROUND, LARGE_VALUE_BYTES],
    ] as const) {
      await peer.call('openAnd', { path, first: 'get' });
      await peer.call('fill', { path, keys, valueBytes });
      await peer.call('close', { path });
    }
    await bucket.setLatency({ fixedMs: PEER_DISTANCE_MS });
    const coldReadSmall = await cost('openAnd', { path: 'small', first: 'get' });
    const warmRead = await cost('timed', { path: 'small', what: 'get' });
    const warmWrite = await cost('timed', { path: 'small', what: 'put' });
    const before = await bucket.traffic();
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const idle = trafficSince(await bucket.traffic(), before);
    await peer.call('close', { path: 'small' });
    const coldWrite = await cost('openAnd', { path: 'small', first: 'put' });
    await peer.call('close', { path: 'small' });
    const coldReadLarge = await cost('openAnd', { path: 'large', first: 'get' });
    const idleRequestsAnHour = (idle.requests * HOUR_MS) / idleMs;
    return { coldReadSmall, coldReadLarge, coldWrite, warmRead, warmWrite, idleRequestsAnHour };
  } finally {
    await peer.kill();
    await bucket.stop();
  }
}

async function fill(
  worker: BenchWorker,
  database: DatabaseIdentity,
  keys: number,
  valueBytes: number,
  prefix: string,
): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(0x61);
  await Promise.all(Array.from({ length: keys }, (_, n) => put(worker, database, utf8(`${prefix}${n}`), value)));
}

function row(id: string, cost: Cost, target: number, peer: Cost | undefined, about: string): BenchmarkRow {
  return {
    id,
    value: cost.roundTrips,
    unit: 'round trips',
    target,
    better: 'lower',
    peer: peer ? { name: SLATEDB, value: peer.roundTrips } : null,
    ratio: peer && peer.roundTrips > 0 ? rounded(cost.roundTrips / peer.roundTrips) : null,
    mode: `virtual time, default settings; peer: default settings, over a bucket at a fixed distance of ${PEER_DISTANCE_MS} ms`,
    note: `${about}; ${cost.requests} requests${peer ? `, the peer's ${peer.requests}` : ''}`,
  };
}
