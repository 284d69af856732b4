import { queueStoreFrom } from '@leasehold/jobs';
import { serviceConfig, storeConfig, wholeNumber } from '@leasehold/service-kit';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

/** Everything that a compactor is told by its environment. */
export const compactorConfig = z
  .object({ ...serviceConfig.shape, ...storeConfig.shape })
  .extend({
    /** Of the queues, when REDIS_URL is not set. */
    DATABASE_URL: z.string().optional(),
    /** Of the queues. */
    REDIS_URL: z.string().optional(),
    /** Jobs of one kind that run at once. One compaction holds about 1 MiB per input file and one output file of 8 MiB in memory. */
    COMPACTION_CONCURRENCY: wholeNumber(1, 64).default(2),
    /** Age by the store's clock below which no file is deleted. */
    GC_MIN_AGE_MS: wholeNumber(0, 30 * 24 * HOUR_MS).default(HOUR_MS),
  })
  .superRefine((config, context) => {
    try {
      queueStoreFrom(config);
    } catch (error) {
      const path = [config.REDIS_URL ? 'REDIS_URL' : 'DATABASE_URL'];
      context.addIssue({ code: 'custom', path, message: error instanceof Error ? error.message : 'is not valid' });
    }
  });

export type CompactorConfig = z.output<typeof compactorConfig>;
