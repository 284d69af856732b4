import { seededRandom, utf8 } from '@leasehold/foundation';
import { S3_PRICES } from '@leasehold/local-bucket';

import type { LogMode } from './bench-worker.js';
import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import { SLATEDB } from './peer/slatedb.js';
import type { Traffic } from './world/bench-bucket.js';
import { BenchBucket, s3Environment, trafficSince } from './world/bench-bucket.js';
import { put } from './world/requests.js';
import type { RequestCounts } from './world/counted-store.js';
import { countsSince } from './world/counted-store.js';
import { VirtualWorld } from './world/virtual-world.js';

interface Scenario {
  readonly mode: LogMode;
  readonly databases: number;
  /** Of each database. */
  readonly secondsPerWrite: number;
  /** Opening, and a log that is folded and flushed as it always will be. */
  readonly warmupMs: number;
  readonly windowMs: number;
}

const VALUE_BYTES = 100;
/** Keys of a database, written in turn. */
const KEYS = 50;
const MILLION = 1_000_000;
const SECOND_MS = 1_000;
const MONTH_SECONDS = 30 * 24 * 3_600;
const MONTH_SWEEPS = 30;
/** Two whole pages of a listing. */
const SWEPT_DATABASES = 2_000;
const TICK_MS = 5;
const LOOK_MS = 10_000;
const PRICES = 'S3 standard, us-east-1, https://aws.amazon.com/s3/pricing/';

interface Scale {
  readonly busy: Omit<Scenario, 'mode'>;
  readonly sparse: Omit<Scenario, 'mode'>;
  readonly peerDatabases: number;
  readonly peerMs: number;
}

const SCALES: Readonly<Record<BenchmarkSize, Scale>> = {
  full: {
    busy: { databases: 1_000, secondsPerWrite: 1, warmupMs: 60_000, windowMs: 60_000 },
    sparse: { databases: 10_000, secondsPerWrite: 60, warmupMs: 120_000, windowMs: 240_000 },
    peerDatabases: 20,
    peerMs: 20_000,
  },
  quick: {
    busy: { databases: 1_000, secondsPerWrite: 1, warmupMs: 5_000, windowMs: 5_000 },
    sparse: { databases: 100, secondsPerWrite: 60, warmupMs: 60_000, windowMs: 60_000 },
    peerDatabases: 2,
    peerMs: 2_000,
  },
};

interface Measured {
  readonly writes: number;
  readonly counts: RequestCounts;
  /** What the same worker asks for when nobody writes. */
  readonly idle: RequestCounts;
}

/** What writes cost in requests and dollars: everything that a worker asks of the bucket, counted exactly in virtual time. */
export const cost: Benchmark = {
  name: 'cost',
  about: 'puts and dollars per write and per idle database',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const { busy, sparse, peerDatabases, peerMs } = SCALES[size];
    const rows: BenchmarkRow[] = [];
    const peer = await measurePeer(peerDatabases, peerMs);
    for (const [id, target, scenario] of [
      ['puts-per-write', 0.05, { ...busy, mode: 'economy' }],
      ['puts-per-write-fast', 0.15, { ...busy, mode: 'fast' }],
      ['puts-per-write-sparse', 0.2, { ...sparse, mode: 'economy' }],
    ] as const) {
      say?.(id);
      rows.push(...writeRows(id, target, scenario, await measureWrites(scenario), peer));
    }
    return [...rows, idleRow(await measureSweep(SWEPT_DATABASES), peer)];
  },
};

async function measureWrites(scenario: Scenario): Promise<Measured> {
  const world = new VirtualWorld('s3');
  const { clock, store } = world;
  const worker = await world.worker({ mode: scenario.mode, compactionWanted: (id) => void world.compactLater(id) });
  await clock.advance(LOOK_MS);
  const beforeIdle = { ...store.counts };
  await clock.advance(LOOK_MS);
  const idle = countsSince(store.counts, beforeIdle);
  worker.maintenance.start();

  const random = seededRandom(5);
  const value = new Uint8Array(VALUE_BYTES).fill(0x61);
  const databases = Array.from({ length: scenario.databases }, () => world.database());
  // Each writes once a period, at a time of its own which wanders a little: tenants keep no common beat.
  const periodMs = scenario.secondsPerWrite * SECOND_MS;
  const due = databases.map(() => clock.monotonic() + random.fraction() * periodMs);
  let failure: unknown;
  let writes = 0;
  const run = async (durationMs: number): Promise<void> => {
    for (const endsAt = clock.monotonic() + durationMs; clock.monotonic() < endsAt;) {
      for (const [index, database] of databases.entries()) {
        const dueAt = due[index] as number;
        if (dueAt > clock.monotonic()) continue;
        due[index] = dueAt + periodMs * (0.9 + 0.2 * random.fraction());
        put(worker, database, utf8(`k${writes++ % KEYS}`), value).catch((error: unknown) => (failure ??= error));
      }
      await clock.advance(TICK_MS);
      if (failure !== undefined) throw failure;
    }
  };
  await run(scenario.warmupMs);
  const [before, writesBefore] = [{ ...store.counts }, writes];
  await run(scenario.windowMs);
  const counts = countsSince(store.counts, before);
  await worker.stop();
  const share = scenario.windowMs / LOOK_MS;
  return {
    writes: writes - writesBefore,
    counts,
    idle: { get: idle.get * share, put: idle.put * share, list: idle.list * share, delete: idle.delete * share },
  };
}

function writeRows(
  id: string,
  target: number,
  { mode, databases, secondsPerWrite, warmupMs, windowMs }: Scenario,
  { writes, counts, idle }: Measured,
  peer: PeerCost,
): BenchmarkRow[] {
  const shared = {
    better: 'lower',
    mode: `${mode}; ${databases} databases, each a write of ${VALUE_BYTES} B in ${secondsPerWrite} s; ${windowMs / SECOND_MS} s after ${
      warmupMs / SECOND_MS
    } s; virtual time, profile s3; SlateDB: ${peer.databases} databases, a write a second each, ${rounded(peer.seconds)} s`,
  } as const;
  const per = (value: number): number => rounded(value / writes);
  const [ours, theirs] = [counts.put / writes, peer.traffic.puts / peer.writes];
  const [dollars, peerDollars] = [dollarsOf(counts) / writes, peer.traffic.dollars / peer.writes].map(
    (each) => each * MILLION,
  ) as [number, number];
  return [
    {
      ...shared,
      id,
      value: rounded(ours),
      unit: 'puts/write',
      target,
      peer: { name: SLATEDB, value: rounded(theirs) },
      ratio: rounded(ours / theirs),
      note: `all puts of the worker: log, rollups, heads, files and ${rounded(idle.put)} renewals; ${writes} writes; also ${per(
        counts.get,
      )} GETs, ${per(counts.list)} LISTs, ${per(counts.delete)} deletes a write`,
    },
    {
      ...shared,
      id: id.replace('puts-per-write', 'dollars-per-million-writes'),
      value: rounded(dollars),
      unit: '$',
      target: null,
      peer: { name: SLATEDB, value: rounded(peerDollars) },
      ratio: rounded(dollars / peerDollars),
      note: `requests at ${PRICES}; of it ${rounded((dollarsOf(idle) / writes) * MILLION)} $ for renewals and for watching the other workers, which a worker spends whatever it does`,
    },
  ];
}

/** What the daily sweep asks for databases that nobody has touched: pages of a listing, nothing else. */
async function measureSweep(databases: number): Promise<number> {
  const world = new VirtualWorld();
  const worker = await world.worker();
  const all = Array.from({ length: databases }, () => world.database());
  const value = new Uint8Array(VALUE_BYTES).fill(0x61);
  for (const database of all) await world.clock.settle(put(worker, database, utf8('only'), value));
  await world.clock.settle(worker.releaseAll());
  await worker.stop();
  const before = { ...world.store.counts };
  for (let startAfter: string | undefined, more = true; more;) {
    const page = await world.clock.settle(world.store.list('db/', { startAfter }));
    [startAfter, more] = [page.objects.at(-1)?.key, page.truncated];
  }
  return dollarsOf(countsSince(world.store.counts, before)) / databases;
}

/** Nothing while it is open (see `idle-requests` of roundtrips); closed or open, the daily sweep lists it. */
function idleRow(dollarsPerSweep: number, peer: PeerCost): BenchmarkRow {
  const value = MONTH_SWEEPS * dollarsPerSweep;
  const theirs = (peer.idle.dollars / peer.databases / peer.seconds) * MONTH_SECONDS;
  return {
    id: 'dollars-idle-database-month',
    value: rounded(value),
    unit: '$/month',
    target: null,
    better: 'lower',
    peer: { name: SLATEDB, value: rounded(theirs) },
    ratio: rounded(value / theirs),
    mode: `requests only; the peer's measured over ${rounded(peer.seconds)} s with ${peer.databases} open databases`,
    note: `${MONTH_SWEEPS} daily sweeps, which list all databases and read only those that changed; counted over ${SWEPT_DATABASES} idle databases; ${PRICES}; storage apart`,
  };
}

function dollarsOf({ get, put: puts, list }: RequestCounts): number {
  return get * S3_PRICES.GetObject + puts * S3_PRICES.PutObject + list * S3_PRICES.ListObjectsV2;
}

interface PeerCost {
  readonly databases: number;
  readonly seconds: number;
  readonly writes: number;
  readonly traffic: Traffic;
  /** Of as many seconds without a write. */
  readonly idle: Traffic;
}

async function measurePeer(databases: number, durationMs: number): Promise<PeerCost> {
  const bucket = await BenchBucket.start();
  const peer = Child.start('../peer/slatedb-main', { env: s3Environment(bucket.url) });
  try {
    const paths = Array.from({ length: databases }, (_, n) => `cost-${n}`);
    for (const path of paths) await peer.call('openAnd', { path, first: 'put' });
    const start = await bucket.traffic();
    const writes = await peer.call<number>('trickle', { paths, everyMs: SECOND_MS, durationMs });
    const written = await bucket.traffic();
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    const idle = trafficSince(await bucket.traffic(), written);
    const traffic = trafficSince(written, start);
    return { databases, seconds: durationMs / SECOND_MS, writes, traffic, idle };
  } finally {
    await peer.kill();
    await bucket.stop();
  }
}
