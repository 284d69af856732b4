import { systemClock } from '@leasehold/foundation';
import { startLocalBucket } from '@leasehold/local-bucket';
import type { ObjectStore } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';

import { serve } from '../child/serve.js';
import { BUCKET } from '../world/bucket-access.js';
import { appModule } from './app-module.js';

/** The worker service in a process of its own, over a bucket in its memory: what is left is what it computes. */
export interface WorkerOptions {
  readonly secret: string;
}

export interface WorkerStarted {
  readonly url: string;
  /** The same bucket over HTTP, where the gateway finds the worker's session. */
  readonly bucketUrl: string;
}

interface Config {
  parse(env: Readonly<Record<string, string>>): unknown;
}
type StartWorker = (
  config: unknown,
  onLost: (reason: unknown) => void,
  openParts: () => { readonly bucket: ObjectStore & { close(): void }; readonly jobs: typeof NO_JOBS },
) => Promise<{ readonly url: string }>;

const NO_JOBS = { enqueueCompaction: () => undefined, close: async () => undefined };

serve({
  start: async ({ secret }: WorkerOptions): Promise<WorkerStarted> => {
    const { workerConfig } = (await appModule('worker', 'config')) as { workerConfig: Config };
    const { startWorker } = (await appModule('worker', 'start-worker')) as { startWorker: StartWorker };
    const store = Object.assign(new MemoryStore(systemClock), { close: () => undefined });
    const bucket = await startLocalBucket({ ...BUCKET, store, host: '127.0.0.1', port: 0 });
    const config = workerConfig.parse({
      LOG_LEVEL: 'silent',
      LEASEHOLD_INTERNAL_SECRET: secret,
    });
    const { url } = await startWorker(
      config,
      () => process.exit(1),
      () => ({ bucket: store, jobs: NO_JOBS }),
    );
    return { url, bucketUrl: bucket.url };
  },
});
