import { queueSettingsProblem } from '@leasehold/jobs';
import { serviceConfig, storeConfig, wholeNumber } from '@leasehold/service-kit';
import { z } from 'zod';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Everything that a compactor is told by its environment. */
export const compactorConfig = z
  .object({ ...serviceConfig.shape, ...storeConfig.shape })
  .extend({
    /** The control plane's, where usage is rolled up and deleted databases are known; and of the queues, when REDIS_URL is not set. */
    DATABASE_URL: z.string().optional(),
    /** Of the queues. */
    REDIS_URL: z.string().optional(),
    /** Compactions that run at once. Each holds at most 64 MiB of fetched inputs and two output files of 8 MiB in memory. */
    COMPACTION_CONCURRENCY: wholeNumber(1, 64).default(2),
    /** Age by the store's clock below which no file is deleted. */
    GC_MIN_AGE_MS: wholeNumber(0, 30 * DAY_MS).default(HOUR_MS),
    /** Databases of an ended session that are recovered at once. Each holds its tail and its head in memory. */
    RECOVERY_CONCURRENCY: wholeNumber(1, 256).default(48),
    /** Between two looks through the whole bucket. */
    SWEEP_INTERVAL_MS: wholeNumber(60_000, 30 * DAY_MS).default(DAY_MS),
    /** Between two looks for usage records. */
    ROLL_UP_INTERVAL_MS: wholeNumber(1_000, DAY_MS).default(20_000),
    /** A month is billed so long after its end: the daily roll-up of everything has been made by then. */
    INVOICE_MARGIN_MS: wholeNumber(0, 30 * DAY_MS).default(26 * HOUR_MS),
    /** Between two looks for deleted databases whose undelete window has passed. */
    PURGE_INTERVAL_MS: wholeNumber(1_000, DAY_MS).default(60_000),
    /** By the store's clock: record and log of an ended session stay for so long at least (S5). */
    SESSION_KEEP_MS: wholeNumber(DAY_MS, 365 * DAY_MS).default(DAY_MS),
  })
  .superRefine((config, context) => {
    const problem = queueSettingsProblem(config);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem.message, path: [...problem.path] });
  });

export type CompactorConfig = z.output<typeof compactorConfig>;
