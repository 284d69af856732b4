import { z } from 'zod';

import { nameOf } from '../requests/text.js';

/** Above what any gateway can do, and within what Postgres counts in four bytes. */
const MAX_COUNT = 1_000_000_000;
/** An exbibyte is more than a bucket of anybody. Exact as a number of JSON. */
const MAX_BYTES = 2 ** 50;

const limit = (least: number, most: number) => z.int().min(least).max(most).nullable().optional();

/** Left out: as before. `null`: nothing is said. */
const limits = {
  requestsPerSecond: limit(1, MAX_COUNT),
  burstRequests: limit(1, MAX_COUNT),
  bytesPerSecond: limit(1_024, MAX_BYTES),
  concurrentRequests: limit(1, MAX_COUNT),
  databases: limit(0, MAX_COUNT),
  storageBytes: limit(0, MAX_BYTES),
  concurrentWakes: limit(1, MAX_COUNT),
};

export const planId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must have 1 to 63 characters of a-z, 0-9 and -');

export const newPlan = z.strictObject({ name: nameOf(1, 100), ...limits });
export type NewPlan = z.output<typeof newPlan>;

export const newAgreement = z
  .strictObject({ plan: planId.optional(), ...limits })
  .refine((agreement) => Object.keys(agreement).length > 0, 'must name a plan or a limit');
export type NewAgreement = z.output<typeof newAgreement>;
