import { SESSION_TTL_MS } from '@leasehold/lease';
import type { SessionId } from '@leasehold/foundation';

import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import type { Traffic } from './world/bench-bucket.js';
import { BenchBucket, trafficSince } from './world/bench-bucket.js';

const MIB = 1024 * 1024;
const VALUE_BYTES = 2_048;
const HEAP_MIB = 4_096;
/** After the end of the ttl: the seals, the log and the first head. */
const FIRST_ALLOWANCE_MS = 2_000;
const ALL_ALLOWANCE_MS = 30_000;

const SCALES: Readonly<Record<BenchmarkSize, { databases: number; logMiB: number }>> = {
  full: { databases: 10_000, logMiB: 256 },
  quick: { databases: 50, logMiB: 1 },
};

/** How long databases are away when their worker is killed with a full log. */
export const recovery: Benchmark = {
  name: 'recovery',
  about: 'from kill -9 of a worker until its databases are served by another, with a full log',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const { databases, logMiB } = SCALES[size];
    const bucket = await BenchBucket.start();
    const [lost, heir] = [start(), start()];
    try {
      const session = await lost.call<SessionId>('start', { url: bucket.url });
      await heir.call('start', { url: bucket.url });
      say?.(`filling ${logMiB} MiB of log`);
      const filled = await lost.call<Filled>('fill', { databases, logBytes: logMiB * MIB, valueBytes: VALUE_BYTES });
      await bucket.setLatency('s3');
      // Renewals under the new latency, so that the last one is as old as it would be.
      await new Promise((resolve) => setTimeout(resolve, SESSION_TTL_MS / 2));
      const before = await bucket.traffic();
      say?.('killed');
      await lost.kill();
      const taken = await heir.call<Taken>('takeOver', { databases, from: session });
      return rowsOf(databases, filled, taken, trafficSince(await bucket.traffic(), before));
    } finally {
      await lost.kill();
      await heir.kill();
      await bucket.stop();
    }
  },
};

interface Filled {
  readonly unflushedBytes: number;
  readonly writes: number;
}

interface Taken {
  readonly firstMs: number;
  readonly allMs: number;
}

function start(): Child {
  return Child.start('../recovery/recovery-main', { maxHeapMiB: HEAP_MIB });
}

function rowsOf(databases: number, filled: Filled, taken: Taken, traffic: Traffic): BenchmarkRow[] {
  const shared = {
    better: 'lower',
    peer: null,
    ratio: null,
    mode: `fast; ${databases} databases, ${rounded(filled.unflushedBytes / MIB)} MiB of log that no head contains; ttl ${SESSION_TTL_MS} ms; profile s3; one worker takes over`,
  } as const;
  return [
    {
      ...shared,
      id: 'first-database-ms',
      value: Math.round(taken.firstMs),
      unit: 'ms',
      target: SESSION_TTL_MS + FIRST_ALLOWANCE_MS,
      note: 'from the kill until the first of them answered a strong read; the peer has no takeover: whoever opens a database first has it',
    },
    {
      ...shared,
      id: 'all-databases-ms',
      value: Math.round(taken.allMs),
      unit: 'ms',
      target: SESSION_TTL_MS + ALL_ALLOWANCE_MS,
      note: `until each had answered one; ${filled.writes} writes of ${VALUE_BYTES} B were acknowledged, each database is read back`,
    },
    {
      ...shared,
      id: 'recovery-requests',
      value: rounded(traffic.requests / databases),
      unit: 'requests/database',
      target: null,
      note: `${traffic.puts} puts, ${traffic.gets} GETs, ${traffic.lists} LISTs, ${traffic.deletes} deletes; ${rounded(traffic.getBytes / MIB)} MiB read; ${rounded(
        traffic.dollars,
      )} $`,
    },
  ];
}
