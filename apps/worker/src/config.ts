import { queueStoreFrom } from '@leasehold/jobs';
import { internalSecretConfig, serviceConfig, storeConfig, wholeNumber } from '@leasehold/service-kit';
import { z } from 'zod';

/** Everything a worker is told; validated once at start. */
export const workerConfig = serviceConfig
  .extend({
    ...storeConfig.shape,
    ...internalSecretConfig.shape,
    /** Queues live in Redis where it is set, else in Postgres. */
    DATABASE_URL: z.string().optional(),
    REDIS_URL: z.string().optional(),
    /** Where gateways reach this process; the address it listens on by default. */
    WORKER_ADVERTISED_URL: z.url().optional(),
    SESSION_TTL_MS: wholeNumber(1_000, 60_000).default(5_000),
    COMMIT_WINDOW_MS: wholeNumber(0, 1_000).default(5),
    IDLE_RELEASE_MS: wholeNumber(1_000, 86_400_000).default(60_000),
    /** Memory for blocks and indexes of all databases together. */
    BLOCK_CACHE_BYTES: wholeNumber(0, 1_000_000_000_000).default(256 * 1024 * 1024),
    /** How long one request may wait, for a database to be had or a commit to be durable; the gateway holds it a little longer. */
    OWNER_WAIT_MS: wholeNumber(100, 60_000).default(10_000),
  })
  .superRefine((config, context) => {
    try {
      queueStoreFrom(config);
    } catch (error) {
      const path = [config.REDIS_URL ? 'REDIS_URL' : 'DATABASE_URL'];
      context.addIssue({ code: 'custom', path, message: error instanceof Error ? error.message : 'is not valid' });
    }
  });

export type WorkerConfig = z.output<typeof workerConfig>;
