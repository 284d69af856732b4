import { systemClock, systemRandom, utf8 } from '@leasehold/foundation';

import { BenchWorker } from '../bench-worker.js';
import { settledMemory } from '../child/memory.js';
import { serve } from '../child/serve.js';
import { s3Client } from '../world/bench-bucket.js';
import { benchDatabase } from '../world/identities.js';
import { get, put } from '../world/requests.js';
import { TalliedStore } from '../world/tallied-store.js';

/** A worker with very many open databases, in a process of its own whose heap holds nothing else. */
/** More at once would only queue: a request takes our client some 0.5 ms of this thread. */
const CONCURRENT = 64;
/** Nothing under way any more: the log is confirmed, timers have run. */
const QUIET_MS = 3_000;

let worker: BenchWorker | undefined;
let store: TalliedStore | undefined;

function running(): { worker: BenchWorker; store: TalliedStore } {
  if (worker === undefined || store === undefined) throw new Error('not started');
  return { worker, store };
}

/** Answers stay out of promises of the whole: only the count of what is done is kept. */
async function each(from: number, through: number, act: (number: number) => Promise<unknown>): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next <= through) {
      const number = next++;
      await act(number);
      // From memory there is nothing to wait for, and renewals have to go out.
      if (number % CONCURRENT === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, lane));
}

serve({
  start: async ({ url }: { url: string }) => {
    store = new TalliedStore(s3Client(url));
    worker = await BenchWorker.launch({ store, clock: systemClock, random: systemRandom });
    worker.maintenance.start();
  },
  /** Opens by writing once. @returns ms */
  open: async ({ from, through, valueBytes }: { from: number; through: number; valueBytes: number }) => {
    const value = new Uint8Array(valueBytes).fill(0x61);
    const startedAt = systemClock.monotonic();
    await each(from, through, (number) => put(running().worker, benchDatabase(number), utf8('only'), value));
    return systemClock.monotonic() - startedAt;
  },
  memory: async () => {
    await systemClock.sleep(QUIET_MS);
    return settledMemory();
  },
  /** Reads each once. @returns requests for databases meanwhile */
  read: async ({ from, through }: { from: number; through: number }) => {
    await running().worker.maintenance.stop();
    const before = running().store.ofDatabases;
    const startedAt = systemClock.monotonic();
    await each(from, through, async (number) => {
      if ((await get(running().worker, benchDatabase(number), utf8('only'))) === undefined) throw new Error('lost');
    });
    return {
      requests: running().store.ofDatabases - before,
      ms: systemClock.monotonic() - startedAt,
      open: running().worker.access.databases.openCount,
    };
  },
});
