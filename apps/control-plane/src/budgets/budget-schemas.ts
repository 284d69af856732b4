import { z } from 'zod';

/** In billionths it is well within what Postgres counts in eight bytes. */
export const MAX_BUDGET_AMOUNT = 1_000_000_000;
/** A number of JSON is exact so far, and no month has seen so many. */
export const MAX_BUDGET_UNITS = 1_000_000_000_000_000;
export const MAX_ALERTS = 10;
/** Of an amount: somebody may want to hear of ten times as much. */
const MAX_PERCENT = 1_000;
const DEFAULT_ALERTS = [50, 80, 100];

const limit = z.union(
  [
    z.strictObject({ units: z.int().min(0).max(MAX_BUDGET_UNITS) }),
    z.strictObject({
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be the code of a currency, such as USD'),
      amount: z.int().min(0).max(MAX_BUDGET_AMOUNT),
    }),
  ],
  'must have units, or a currency and an amount in its smallest unit',
);

/** What is left out is as it is at first, and not as before: the whole budget is told. */
export const newBudget = z.strictObject({
  limit,
  alertPercents: z
    .array(z.int().min(1).max(MAX_PERCENT))
    .max(MAX_ALERTS)
    .refine((percents) => new Set(percents).size === percents.length, 'must each be there once')
    .default(DEFAULT_ALERTS),
  hardStop: z.boolean().default(false),
});
export type NewBudget = z.output<typeof newBudget>;
