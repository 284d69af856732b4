import { systemClock } from '@leasehold/foundation';
import { JobQueues, queueSettingsProblem, queueStoreFrom } from '@leasehold/jobs';
import { createS3Store } from '@leasehold/object-store-s3';
import { s3SettingsOf, storeConfig } from '@leasehold/service-kit';
import { z } from 'zod';

import { workerConfig } from './config.js';
import type { OpenWorkerParts } from './worker-parts.js';

/** What a worker of a fleet is told: its bucket and its queues besides. */
export const fleetWorkerConfig = workerConfig
  .extend({
    ...storeConfig.shape,
    /** Queues live in Redis where it is set, else in Postgres. */
    DATABASE_URL: z.string().optional(),
    REDIS_URL: z.string().optional(),
  })
  .refine((config) => config.LEASEHOLD_OPERATOR_SECRET !== config.LEASEHOLD_INTERNAL_SECRET, {
    path: ['LEASEHOLD_OPERATOR_SECRET'],
    message: 'must be another one than LEASEHOLD_INTERNAL_SECRET: the control plane has it, and may not open databases',
  })
  .superRefine((config, context) => {
    const problem = queueSettingsProblem(config);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem.message, path: [...problem.path] });
  });

export type FleetWorkerConfig = z.output<typeof fleetWorkerConfig>;

/** The bucket over S3, the queues in Redis or Postgres. */
export function fleetPartsOf(config: FleetWorkerConfig): OpenWorkerParts {
  return (logger) => ({
    jobs: new JobQueues({ store: queueStoreFrom(config), clock: systemClock, log: logger }),
    bucket: createS3Store(s3SettingsOf(config)),
  });
}
