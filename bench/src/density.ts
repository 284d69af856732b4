import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import type { Memory } from './child/memory.js';
import { SLATEDB } from './peer/slatedb.js';
import { BenchBucket, s3Environment } from './world/bench-bucket.js';

const VALUE_BYTES = 100;
/** Opened before the empty worker is measured: code is loaded, connections stand. */
const FIRST_DATABASES = 200;
const HEAP_MIB = 8_192;

const SCALES: Readonly<Record<BenchmarkSize, { databases: number; peerDatabases: number }>> = {
  full: { databases: 100_000, peerDatabases: 50 },
  quick: { databases: 500, peerDatabases: 3 },
};

/** How many databases fit into one worker, and what an open one costs while nobody asks it. */
export const density: Benchmark = {
  name: 'density',
  about: 'memory of very many open databases on one worker, and how fast they open',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const { databases, peerDatabases } = SCALES[size];
    const bucket = await BenchBucket.start();
    try {
      say?.(`${databases} databases`);
      const ours = await measureWorker(bucket, databases);
      say?.(`${peerDatabases} databases of the peer`);
      return rowsOf(databases, ours, await measurePeer(bucket, peerDatabases), peerDatabases);
    } finally {
      await bucket.stop();
    }
  },
};

interface Measured {
  readonly openMs: number;
  readonly heldBytes: number;
  readonly rssBytes: number;
  readonly read: { readonly requests: number; readonly ms: number; readonly open: number };
}

async function measureWorker(bucket: BenchBucket, databases: number): Promise<Measured> {
  const child = Child.start('../density/density-main', { maxHeapMiB: HEAP_MIB });
  try {
    await child.call('start', { url: bucket.url });
    await child.call('open', { from: 1, through: FIRST_DATABASES, valueBytes: VALUE_BYTES });
    const before = await child.call<Memory>('memory');
    const range = { from: FIRST_DATABASES + 1, through: FIRST_DATABASES + databases };
    const openMs = await child.call<number>('open', { ...range, valueBytes: VALUE_BYTES });
    const after = await child.call<Memory>('memory');
    const read = await child.call<Measured['read']>('read', range);
    return {
      openMs,
      heldBytes: after.heldBytes - before.heldBytes,
      rssBytes: after.rssBytes - before.rssBytes,
      read,
    };
  } finally {
    await child.kill();
  }
}

interface PeerMeasured {
  readonly openMs: number;
  readonly rssBytes: number;
}

async function measurePeer(bucket: BenchBucket, databases: number): Promise<PeerMeasured> {
  const child = Child.start('../peer/slatedb-main', { env: s3Environment(bucket.url) });
  try {
    await child.call('openAnd', { path: 'density-first', first: 'put' });
    const before = await child.call<Memory>('memory');
    const startedAt = performance.now();
    const paths = Array.from({ length: databases }, (_, n) => `density-${n}`);
    await Promise.all(paths.map((path) => child.call('openAnd', { path, first: 'put' })));
    const openMs = performance.now() - startedAt;
    const after = await child.call<Memory>('memory');
    return { openMs, rssBytes: after.rssBytes - before.rssBytes };
  } finally {
    await child.kill();
  }
}

function rowsOf(databases: number, ours: Measured, peer: PeerMeasured, peerDatabases: number): BenchmarkRow[] {
  const mode = `${databases} databases, each with one write of ${VALUE_BYTES} B; mode fast, default settings`;
  const perDatabase = ours.heldBytes / databases;
  const peerPerDatabase = peer.rssBytes / peerDatabases;
  const [opens, peerOpens] = [(databases * 1_000) / ours.openMs, (peerDatabases * 1_000) / peer.openMs];
  const shared = { mode, peer: null, ratio: null } as const;
  return [
    {
      ...shared,
      id: 'idle-memory-per-database',
      value: Math.round(perDatabase),
      unit: 'B',
      target: 4_096,
      better: 'lower',
      peer: { name: SLATEDB, value: Math.round(peerPerDatabase) },
      ratio: rounded(perDatabase / peerPerDatabase),
      note: `heap and buffers after garbage collection, over the same worker with ${FIRST_DATABASES} databases; its resident memory grew by ${rounded(
        ours.rssBytes / databases,
      )} B each; the peer's figure is resident memory of ${peerDatabases} open databases`,
    },
    {
      ...shared,
      id: 'idle-read-requests',
      value: ours.read.requests,
      unit: 'requests',
      target: 0,
      better: 'lower',
      note: `for heads, files and segments while each database answered one read; ${ours.read.open} are open`,
    },
    {
      ...shared,
      id: 'cold-opens-per-second',
      value: rounded(opens),
      unit: 'databases/s',
      target: null,
      better: 'higher',
      peer: { name: SLATEDB, value: rounded(peerOpens) },
      ratio: rounded(opens / peerOpens),
      note: 'new databases, each claimed and written to, until durable; bucket without latency, in another process on the same machine',
    },
  ];
}
