import { isLeaseholdError, systemClock, systemRandom, utf8 } from '@leasehold/foundation';
import type { SessionId } from '@leasehold/foundation';

import { BenchWorker } from '../bench-worker.js';
import { serve } from '../child/serve.js';
import { recordValue } from '../engine/records.js';
import { s3Client } from '../world/bench-bucket.js';
import { benchDatabase } from '../world/identities.js';
import { getFrom, put } from '../world/requests.js';

/** A worker that fills its log and is killed, or the one that takes its databases over. */
const CONCURRENT = 256;
const RETRY_MS = 20;
const MAX_RETRIES = 5_000;

let worker: BenchWorker | undefined;

function running(): BenchWorker {
  if (worker === undefined) throw new Error('not started');
  return worker;
}

async function each(count: number, act: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENT }, async () => {
      while (next < count) await act(next++);
    }),
  );
}

/** Comes back when it is told to come back later. */
async function patiently<T>(operation: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await operation();
    } catch (error) {
      const isLater = isLeaseholdError(error, 'unavailable') || isLeaseholdError(error, 'quota');
      if (!isLater || retries >= MAX_RETRIES) throw error;
      await systemClock.sleep(RETRY_MS);
    }
  }
}

serve({
  start: async ({ url }: { url: string }): Promise<SessionId> => {
    worker = await BenchWorker.launch({ store: s3Client(url), clock: systemClock, random: systemRandom });
    worker.maintenance.start();
    return worker.session.id;
  },
  /** Each database gets as many writes as the log needs in all. @returns what of them no head contains */
  fill: async ({ databases, logBytes, valueBytes }: { databases: number; logBytes: number; valueBytes: number }) => {
    const perDatabase = Math.max(1, Math.round(logBytes / databases / valueBytes));
    for (let turn = 0; turn < perDatabase; turn++) {
      await each(databases, (n) =>
        patiently(() => put(running(), benchDatabase(n), utf8(`k${turn}`), recordValue(n, valueBytes, turn))),
      );
    }
    return { unflushedBytes: running().log.unflushedBytes(), writes: perDatabase * databases };
  },
  /** Asks for every database at once, as the gateways would. Times are from the call. */
  takeOver: async ({ databases, from }: { databases: number; from: SessionId }) => {
    const startedAt = systemClock.monotonic();
    let firstMs: number | undefined;
    await each(databases, async (n) => {
      const entry = await patiently(() => getFrom(running(), benchDatabase(n), utf8('k0'), from));
      if (entry === undefined) throw new Error('an acknowledged write is lost');
      firstMs ??= systemClock.monotonic() - startedAt;
    });
    return { firstMs: firstMs ?? Number.NaN, allMs: systemClock.monotonic() - startedAt };
  },
});
