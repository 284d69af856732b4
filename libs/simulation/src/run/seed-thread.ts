import { parentPort } from 'node:worker_threads';

import { intensified } from './profile.js';
import type { SeedOrder } from './run-seeds.js';
import { runSeed } from './run-seed.js';
import { summaryOf } from './simulation-report.js';

/** A thread that runs the seeds it is sent, one at a time, and sends back what each came to. */
parentPort?.on('message', ({ seed, intensity }: SeedOrder) => {
  void runSeed(seed, { adjust: (profile) => intensified(profile, intensity) }).then(
    (report) => parentPort?.postMessage({ summary: summaryOf(report) }),
    (error: unknown) =>
      parentPort?.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
