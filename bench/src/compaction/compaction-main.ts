import { systemClock, systemRandom } from '@leasehold/foundation';
import type { Db, DefaultMetricsRecorder } from '@slatedb/uniffi';

import { BenchWorker } from '../bench-worker.js';
import { cpuMs } from '../child/memory.js';
import { serve } from '../child/serve.js';
import { recordKey, recordValue } from '../engine/records.js';
import type { SlateDbSettings } from '../peer/slatedb.js';
import { openMeasuredSlateDb, openSlateDb } from '../peer/slatedb.js';
import { s3Client } from '../world/bench-bucket.js';
import { benchDatabase } from '../world/identities.js';
import { get, putAll } from '../world/requests.js';

/** Writes files that nobody compacts meanwhile, for both systems; and compacts those of the peer. */
export interface Filling {
  readonly number: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** How often each key is written; the older versions are what compaction drops. */
  readonly turns: number;
  /** Ascending: files that hardly overlap. */
  readonly order: 'ascending' | 'scattered';
}

interface Scattering {
  readonly number: number;
  readonly keys: number;
  readonly count: number;
  readonly valueBytes: number;
}

const BATCH = 100;
const WRITERS = 8;
const STRIDE = 7_919;
const RETRY_MS = 20;
const MAX_RETRIES = 5_000;
const LOOK_MS = 50;
/** Of its polling alone: a twentieth of a core. */
const BUSY_CORES = 0.3;
/** Its compactor looks for work ten times a second here; so long without any means that it is done. */
const QUIET_LOOKS = 30;
const MAX_LOOKS = 12_000;

type Entries = (readonly [Uint8Array, Uint8Array])[];

async function fill(filling: Filling, write: (entries: Entries) => Promise<unknown>, writers: number): Promise<void> {
  const { keys, valueBytes, turns, order } = filling;
  for (let turn = 0; turn < turns; turn++) {
    let next = 0;
    const writer = async (): Promise<void> => {
      while (next < keys) {
        const entries: Entries = [];
        while (entries.length < BATCH && next < keys) {
          const number = order === 'ascending' ? next : (next * STRIDE) % keys;
          next++;
          entries.push([recordKey(number), recordValue(number, valueBytes, turn)]);
        }
        await write(entries);
      }
    };
    await Promise.all(Array.from({ length: writers }, writer));
  }
}

async function patiently(write: () => Promise<unknown>): Promise<void> {
  for (let retries = 0; ; retries++) {
    try {
      await write();
      return;
    } catch (error) {
      const { kind } = error as { kind?: string };
      if ((kind !== 'unavailable' && kind !== 'quota') || retries >= MAX_RETRIES) throw error;
      await systemClock.sleep(RETRY_MS);
    }
  }
}

let worker: BenchWorker | undefined;
let slatedb: { readonly db: Db; readonly metrics: DefaultMetricsRecorder } | undefined;

serve({
  /** Without a compactor writes are refused past a number of files: the caller sees to it, or compacts beside. */
  fillLeasehold: async ({ url, filling }: { url: string; filling: Filling }) => {
    worker ??= await BenchWorker.launch({
      store: s3Client(url),
      clock: systemClock,
      random: systemRandom,
      compactionWanted: (databaseId) => process.send?.({ news: { wanted: databaseId } }),
    });
    worker.maintenance.start();
    const running = worker;
    const database = benchDatabase(filling.number);
    await fill(filling, (entries) => patiently(() => putAll(running, database, entries)), WRITERS);
    await running.flushAll();
  },
  /** Overwrites some records all over a database that is there. */
  scatterLeasehold: async ({ number, keys, count, valueBytes }: Scattering) => {
    if (worker === undefined) throw new Error('not started');
    const running = worker;
    const step = Math.max(1, Math.floor(keys / count));
    for (let next = 0; next < count; next += BATCH) {
      const entries: Entries = [];
      for (let n = next; n < Math.min(count, next + BATCH); n++) {
        // Not in order: each flush then reaches over the whole.
        const record = (((n * STRIDE) % count) * step) % keys;
        entries.push([recordKey(record), recordValue(record, valueBytes, 1)]);
      }
      await patiently(() => putAll(running, benchDatabase(number), entries));
    }
    await running.flushAll();
  },
  /** What the owner holds of it now, in files. */
  leaseholdFiles: async ({ number }: { number: number }) => {
    if (worker === undefined) throw new Error('not started');
    const { head } = await worker.access.state(benchDatabase(number), { signal: new AbortController().signal });
    const files = [...(head?.l0 ?? []), ...(head?.l1 ?? [])];
    return {
      l0: head?.l0.length ?? 0,
      l1: head?.l1.length ?? 0,
      bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  },
  /** Gives everything up, so that others may read it from files. */
  release: async () => {
    await worker?.releaseAll();
    await worker?.stop();
    worker = undefined;
  },
  /** Gets from a worker that has nothing in memory. */
  coldLeasehold: async ({ url, number, keys, gets }: { url: string; number: number; keys: number; gets: number }) => {
    worker = await BenchWorker.launch({ store: s3Client(url), clock: systemClock, random: systemRandom });
    worker.stopWatching();
    for (let n = 0; n < gets; n++) await get(worker, benchDatabase(number), recordKey((n * STRIDE) % keys));
  },
  fillSlateDb: async ({ filling, settings }: { filling: Filling; settings: SlateDbSettings }) => {
    const { WriteBatch } = await import('@slatedb/uniffi');
    const db = await openSlateDb(`compaction-${filling.number}`, settings);
    const write = async (entries: Entries): Promise<unknown> => {
      const batch = new WriteBatch();
      for (const [key, value] of entries) batch.put(key, value);
      return db.write_with_options(batch, { await_durable: false });
    };
    await fill(filling, write, 1);
    await db.flush_with_options({ flush_type: 'MemTable' });
    await db.shutdown();
  },
  /** Opens it with a compactor and waits until that has nothing more to do. */
  compactSlateDb: async ({ number, settings }: { number: number; settings: SlateDbSettings }) => {
    const before = cpuMs();
    const startedAt = systemClock.monotonic();
    slatedb = await openMeasuredSlateDb(`compaction-${number}`, settings);
    let [done, doneAt, doneCpuMs] = [0, startedAt, before];
    let lookedCpuMs = before;
    for (let looks = 0, quiet = 0; quiet < QUIET_LOOKS; looks++) {
      if (looks >= MAX_LOOKS) throw new Error('its compaction does not end');
      await systemClock.sleep(LOOK_MS);
      const [compacted, usedMs] = [gauge('slatedb.compactor.bytes_compacted'), cpuMs()];
      // Its gauge of running compactions has been seen to stay above zero for ever: what it does tells more than what it says.
      const isBusy = compacted !== done || usedMs - lookedCpuMs > LOOK_MS * BUSY_CORES;
      lookedCpuMs = usedMs;
      quiet = isBusy ? 0 : quiet + 1;
      if (isBusy) [done, doneAt, doneCpuMs] = [compacted, systemClock.monotonic(), usedMs];
    }
    if (done === 0) throw new Error('the peer compacted nothing');
    return {
      ms: doneAt - startedAt,
      cpuMs: doneCpuMs - before,
      compactedBytes: done,
      l0: gauge('slatedb.db.l0_sst_count'),
    };
  },
  coldSlateDb: async ({ number, keys, gets }: { number: number; keys: number; gets: number }) => {
    const db = await openSlateDb(`compaction-${number}`);
    for (let n = 0; n < gets; n++) await db.get(recordKey((n * STRIDE) % keys));
  },
});

function gauge(name: string): number {
  const [metric] = slatedb?.metrics.metrics_by_name(name) ?? [];
  if (metric === undefined || metric.value.tag === 'Histogram') return 0;
  return Number(metric.value['']);
}
