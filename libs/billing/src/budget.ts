import { assert } from '@leasehold/foundation';

import { share, type Minor } from './money.js';
import type { Period } from './period.js';
import type { Meter, Plan } from './plan.js';

/** What a budget is counted in: whole parts of the smallest unit of a currency, fine enough for the price of a byte; or units of reads and writes. */
export const NANOS_PER_MINOR = 1_000_000_000n;

/** What things weigh in the unit of a budget. */
export type BudgetWeights = Readonly<Record<'readUnits' | 'writeUnits' | 'egressBytes', bigint>>;

/** One thing that weighs so much uses up any budget: the largest amount of one, in billionths, is no more. Postgres counts in eight bytes, 9.2 times as far. */
export const MAX_BUDGET_WEIGHT = 10n ** 18n;

/** Of a budget in units: a read unit and a write unit are one each, and nothing else counts. */
export const UNIT_WEIGHTS: BudgetWeights = { readUnits: 1n, writeUnits: 1n, egressBytes: 0n };

/** What was used in a month, by meter. */
export type BudgetUsage = Readonly<Record<Meter, bigint>>;

/**
 * Of a budget in money: what a unit costs by the prices of a plan, in billionths of the smallest unit of the currency, rounded up: a budget never lets in
 * more than it is worth. {@link MAX_BUDGET_WEIGHT} at most. What a plan includes, its fee and its minimum are left out.
 */
export function moneyWeights({ prices }: Pick<Plan, 'prices'>): BudgetWeights {
  const of = (meter: Meter) => {
    const { amount, per } = prices[meter];
    const weight = (amount * NANOS_PER_MINOR + per - 1n) / per;
    return weight < MAX_BUDGET_WEIGHT ? weight : MAX_BUDGET_WEIGHT;
  };
  return { readUnits: of('readUnits'), writeUnits: of('writeUnits'), egressBytes: of('egressBytes') };
}

/** What reads, writes and egress come to. */
export function weighUsage({ readUnits, writeUnits, egressBytes }: BudgetUsage, weights: BudgetWeights): bigint {
  return readUnits * weights.readUnits + writeUnits * weights.writeUnits + egressBytes * weights.egressBytes;
}

/** What storage comes to by the prices of a plan, in billionths of the smallest unit of the currency. */
export function weighStorage(storedByteMs: bigint, { prices }: Pick<Plan, 'prices'>): bigint {
  const { amount, per } = prices.storedByteMs;
  return share(amount * NANOS_PER_MINOR, storedByteMs, per);
}

/** What is counted of a money budget, in the smallest unit of its currency. */
export function minorOfNanos(nanos: bigint): Minor {
  return share(1n, nanos, NANOS_PER_MINOR);
}

/**
 * When a budget will be used up, if things go on as they have since the period began: ms since the Unix epoch; undefined: not in this period, or it is used up
 * already.
 */
export function exhaustionOf(used: bigint, allowance: bigint, period: Period, now: number): number | undefined {
  assert(used >= 0n && allowance >= 0n, 'a budget is not negative');
  const elapsedMs = Math.floor(now) - period.from;
  if (used >= allowance || used === 0n || elapsedMs <= 0) return undefined;
  const at = BigInt(period.from) + (BigInt(elapsedMs) * allowance + used - 1n) / used;
  return at < BigInt(period.to) ? Number(at) : undefined;
}

/** Whole percents, rounded down; of nothing everything is used. */
export function percentOf(used: bigint, allowance: bigint): number {
  return allowance === 0n ? 100 : Number((used * 100n) / allowance);
}
