import { seededRandom, systemClock, systemRandom, utf8 } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import type { Db } from '@slatedb/uniffi';

import type { LogMode } from '../bench-worker.js';
import { BenchWorker } from '../bench-worker.js';
import { serve } from '../child/serve.js';
import type { LatencySummary } from '../load/latencies.js';
import { Latencies } from '../load/latencies.js';
import { openLoop } from '../load/open-loop.js';
import { openSlateDb } from '../peer/slatedb.js';
import { s3Client } from '../world/bench-bucket.js';
import { benchDatabase } from '../world/identities.js';
import { put } from '../world/requests.js';

/** One way to make bytes durable, in a process of its own, at an open-loop rate. */
export type Subject =
  | { readonly kind: 'bare-put'; readonly url: string; readonly bodyBytes: number }
  | { readonly kind: 'leasehold'; readonly url: string; readonly mode: LogMode; readonly databases: number }
  | { readonly kind: 'slatedb'; readonly flushInterval: string };

export interface Load {
  readonly ratePerSecond: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly valueBytes: number;
  readonly seed: number;
}

export interface Round extends LatencySummary {
  readonly worstLagMs: number;
}

const MAX_IN_FLIGHT = 20_000;
const CONCURRENT_OPENS = 64;
/** Keys of a database, written in turn. */
const KEYS = 50;

let write: ((number: number, value: Uint8Array) => Promise<unknown>) | undefined;

async function barePut({ url, bodyBytes }: { url: string; bodyBytes: number }): Promise<typeof write> {
  const store: ObjectStore = s3Client(url);
  const body = new Uint8Array(bodyBytes).fill(0x61);
  let puts = 0;
  return async () => {
    const { outcome } = await store.put(`bare/${process.pid}/${++puts}`, body, 'create');
    if (outcome !== 'done') throw new Error(`a bare put was ${outcome}`);
  };
}

async function leasehold({ url, mode, databases }: Extract<Subject, { kind: 'leasehold' }>): Promise<typeof write> {
  const worker = await BenchWorker.launch({ store: s3Client(url), clock: systemClock, random: systemRandom, mode });
  worker.maintenance.start();
  // Each subject has databases of its own: they share a bucket.
  const first = process.pid * 100_000;
  const all = Array.from({ length: databases }, (_, n) => benchDatabase(first + n));
  let opened = 0;
  await Promise.all(
    Array.from({ length: CONCURRENT_OPENS }, async () => {
      for (let database = all[opened++]; database; database = all[opened++]) {
        await put(worker, database, utf8('opened'), utf8('now'));
      }
    }),
  );
  const random = seededRandom(9);
  return (number, value) => {
    const database = all[Math.floor(random.fraction() * all.length)];
    if (database === undefined) throw new Error('no databases');
    return put(worker, database, utf8(`k${number % KEYS}`), value);
  };
}

async function slatedb({ flushInterval }: { flushInterval: string }): Promise<typeof write> {
  const db: Db = await openSlateDb('durable', { flush_interval: flushInterval });
  return (number, value) => db.put(utf8(`k${number % KEYS}`), value);
}

const pooled = new Latencies();

serve({
  start: async (subject: Subject) => {
    switch (subject.kind) {
      case 'bare-put':
        write = await barePut(subject);
        break;
      case 'leasehold':
        write = await leasehold(subject);
        break;
      case 'slatedb':
        write = await slatedb(subject);
        break;
    }
  },
  round: async ({ seed, valueBytes, ...load }: Load): Promise<Round> => {
    const value = new Uint8Array(valueBytes).fill(0x61);
    const result = await openLoop(
      { clock: systemClock, random: seededRandom(seed) },
      { ...load, maxInFlight: MAX_IN_FLIGHT },
      async (number) => write?.(number, value),
    );
    pooled.add(result.latencies);
    return { ...result.latencies.summary(), worstLagMs: result.worstLagMs };
  },
  /** Of all rounds together. */
  pooled: () => pooled.summary(),
});
