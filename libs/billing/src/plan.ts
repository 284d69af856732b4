import type { Minor } from './money.js';

/** What is counted, in the unit in which it is counted. */
export const METERS = ['readUnits', 'writeUnits', 'storedByteMs', 'egressBytes'] as const;
export type Meter = (typeof METERS)[number];

/** `amount` for each `per` units beyond the included ones, parts of `per` in proportion. */
export interface Price {
  readonly amount: Minor;
  /** At least 1. */
  readonly per: bigint;
  /** Free in each full period. */
  readonly included: bigint;
}

/** One version of a plan. It never changes: another price is another version. */
export interface Plan {
  readonly name: string;
  readonly version: number;
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
  /** For a full period, whatever is used. */
  readonly fee: Minor;
  /** What a full period comes to at least, the fee in it. */
  readonly minimum: Minor;
  readonly prices: Readonly<Record<Meter, Price>>;
}

/** Which plan holds from when on. Ms since the Unix epoch. */
export interface PlanChange {
  readonly from: number;
  readonly plan: Plan;
}

const GIGABYTE = 1_000_000_000n;
const HOUR_MS = 3_600_000n;

/** `per` of prices that people quote. */
export const PER = {
  million: 1_000_000n,
  gigabyte: GIGABYTE,
  gigabyteHour: GIGABYTE * HOUR_MS,
} as const;
