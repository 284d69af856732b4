import { systemClock, systemRandom } from '@leasehold/foundation';
import type { JobWorkersSettings } from '@leasehold/jobs';
import { probeStore, reliableReads, type ObjectStore } from '@leasehold/object-store';
import { createS3Store } from '@leasehold/object-store-s3';
import { createLogger, runService, s3SettingsOf, type RunningService } from '@leasehold/service-kit';

import type { CompactorConfig } from './config.js';
import { CompactorModule } from './compactor-module.js';
import { JobRunner } from './jobs/job-runner.js';

/** Files are read and written in pieces of up to 8 MiB: far more than a head, still below the time in which a put is settled. */
const REQUEST_TIMEOUT_MS = 15_000;

export type ClosableStore = ObjectStore & { close?(): void };

/**
 * Starts a compactor; resolves when it takes jobs. Refuses to run on a bucket that fails the probe.
 *
 * @throws ProbeFailedError, QueueUnavailableError, and what the service kit throws. Nothing keeps running then.
 */
export async function startCompactor(
  config: CompactorConfig,
  bucket: ClosableStore = openBucket(config),
  workers: Partial<JobWorkersSettings> = {},
): Promise<RunningService> {
  const logger = createLogger('compactor', config.LOG_LEVEL);
  try {
    await probeStore(reliableReads(bucket, systemClock, systemRandom), { clock: systemClock, random: systemRandom });
    const service = await runService({
      name: 'compactor',
      module: CompactorModule.forRoot({ config, store: bucket, workers }),
      config,
      logger,
      afterListen: (app) => app.get(JobRunner, { strict: false }).start(),
      beforeDrain: (app) => app.get(JobRunner, { strict: false }).drain(),
    });
    return { url: service.url, close: () => service.close().finally(() => bucket.close?.()) };
  } catch (error) {
    bucket.close?.();
    throw error;
  }
}

function openBucket(config: CompactorConfig): ClosableStore {
  return createS3Store({ ...s3SettingsOf(config), requestTimeoutMs: REQUEST_TIMEOUT_MS });
}
