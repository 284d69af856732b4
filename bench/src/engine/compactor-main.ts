import { compactDatabase } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { systemClock, systemRandom } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { reliableReads } from '@leasehold/object-store';

import { cpuMs } from '../child/memory.js';
import { serve } from '../child/serve.js';
import { s3Client } from '../world/bench-bucket.js';

/** A compactor without its queue: one job of a database at a time, repeats fold into one, as in libs/jobs. */
let store: ObjectStore | undefined;
const jobs = new Map<DatabaseId, { running: Promise<unknown>; again: boolean }>();

function context() {
  if (store === undefined) throw new Error('not started');
  return { store, clock: systemClock, random: systemRandom };
}

async function run(databaseId: DatabaseId): Promise<unknown> {
  const job = jobs.get(databaseId);
  if (job !== undefined) {
    job.again = true;
    return job.running;
  }
  const fresh = { running: Promise.resolve() as Promise<unknown>, again: false };
  jobs.set(databaseId, fresh);
  fresh.running = (async () => {
    let report: unknown;
    do {
      fresh.again = false;
      report = await compactDatabase(context(), databaseId);
    } while (fresh.again);
    jobs.delete(databaseId);
    return report;
  })();
  return fresh.running;
}

let peakRssBytes = 0;
setInterval(() => (peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())), 20).unref();

serve({
  start: ({ url }: { url: string }) => {
    store = reliableReads(s3Client(url), systemClock, systemRandom);
  },
  compact: ({ databaseId }: { databaseId: DatabaseId }) => run(databaseId),
  usage: () => ({ cpuMs: cpuMs(), peakRssBytes, rssBytes: process.memoryUsage.rss() }),
});
