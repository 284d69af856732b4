import { compactDatabase } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { systemClock, systemRandom } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { reliableReads } from '@leasehold/object-store';

import { cpuMs } from '../child/memory.js';
import { serve } from '../child/serve.js';
import { s3Client } from '../world/bench-bucket.js';

/** What the steps of one job read and wrote, in files. */
export interface Compacted {
  readonly steps: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

/** What a compactor process uses of its machine. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** The most that was resident since the start, as the kernel counts it. */
  readonly peakRssBytes: number;
  /** The most of heap and buffers, garbage included, of samples every so often. */
  readonly peakHeldBytes: number;
  /** Of all jobs so far. */
  readonly steps: number;
  readonly inputBytes: number;
  /** Of the step that merged most. */
  readonly largestInputBytes: number;
}

interface Job {
  running: Promise<Compacted>;
  again: boolean;
}

/** A database of 10 GB has some thousand files. */
const MAX_STEPS = 10_000;
const SAMPLE_MS = 10;
const NOTHING: Compacted = { steps: 0, inputBytes: 0, outputBytes: 0 };

/** A compactor without its queue: one job of a database at a time, repeats fold into one, as in libs/jobs. */
let store: ObjectStore | undefined;
const jobs = new Map<DatabaseId, Job>();
let peakHeldBytes = 0;
const total = { steps: 0, inputBytes: 0, largestInputBytes: 0 };

function run(databaseId: DatabaseId): Promise<Compacted> {
  const job = jobs.get(databaseId);
  if (job !== undefined) {
    job.again = true;
    return job.running;
  }
  const fresh: Job = { running: Promise.resolve(NOTHING), again: false };
  jobs.set(databaseId, fresh);
  fresh.running = work(databaseId, fresh).finally(() => jobs.delete(databaseId));
  return fresh.running;
}

/** Step by step until nothing is worth doing. */
async function work(databaseId: DatabaseId, job: Job): Promise<Compacted> {
  if (store === undefined) throw new Error('not started');
  let { steps, inputBytes, outputBytes } = NOTHING;
  for (; steps < MAX_STEPS; steps++) {
    const { again } = job;
    job.again = false;
    const report = await compactDatabase({ store, clock: systemClock, random: systemRandom }, databaseId);
    if (report.outcome !== 'compacted' && !again && !job.again) break;
    inputBytes += report.inputBytes;
    total.steps++;
    total.inputBytes += report.inputBytes;
    total.largestInputBytes = Math.max(total.largestInputBytes, report.inputBytes);
    outputBytes += report.outputBytes;
  }
  return { steps, inputBytes, outputBytes };
}

setInterval(() => {
  const { heapUsed, external } = process.memoryUsage();
  peakHeldBytes = Math.max(peakHeldBytes, heapUsed + external);
}, SAMPLE_MS).unref();

serve({
  start: ({ url }: { url: string }) => {
    store = reliableReads(s3Client(url), systemClock, systemRandom);
  },
  compact: ({ databaseId }: { databaseId: DatabaseId }) => run(databaseId),
  usage: (): Usage => ({
    cpuMs: cpuMs(),
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    peakHeldBytes,
    ...total,
  }),
});
