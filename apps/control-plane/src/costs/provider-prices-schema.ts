import { z } from 'zod';

/** As of prices of plans: ten thousand million of a currency with cents. */
const MAX_AMOUNT = 1_000_000_000_000;
/** A thousand for each commit is more than any mode comes to. */
const MAX_PUTS = 1_000_000_000;
/** Likewise of a read, which touches a block of each file at most. */
const MAX_GETS = 1_000_000_000;

const amount = z.int().min(0).max(MAX_AMOUNT);

/** What the provider of the bucket asks, and what else a month costs. Amounts in the smallest unit of the currency of the plans. */
export const newProviderPrices = z.strictObject({
  putsMillion: amount,
  getsMillion: amount,
  storedTerabyteMonth: amount,
  egressTerabyte: amount,
  putsPerMillionCommits: z.int().min(0).max(MAX_PUTS),
  /** Left out: as it was. */
  getsPerMillionReads: z.int().min(0).max(MAX_GETS).optional(),
  sharedMonth: amount,
});
export type NewProviderPrices = z.output<typeof newProviderPrices>;
