import { assert } from '@leasehold/foundation';

import type { Plan, PlanChange } from './plan.js';

/** From `from` on and before `to`. Ms since the Unix epoch. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** A part of a period in which one plan holds. */
export interface Segment extends Period {
  readonly plan: Plan;
}

export const HOUR_MS = 3_600_000;

/** The calendar month, in UTC, that a time lies in. */
export function monthOf(timeMs: number): Period {
  const date = new Date(timeMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
}

/** The calendar month, in UTC, so many before the one that a time lies in. */
export function monthBefore(timeMs: number, months = 1): Period {
  const date = new Date(timeMs);
  return monthOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months));
}

/**
 * The parts of a period, by the plans that hold in them. Before the first change there is nothing to bill.
 *
 * @param changes ascending; two at one time: the later one holds
 */
export function segmentsOf(period: Period, changes: readonly PlanChange[]): readonly Segment[] {
  assert(period.from < period.to, 'a period takes time');
  return changes.flatMap(({ from, plan }, i) => {
    const next = changes[i + 1]?.from ?? Infinity;
    assert(from <= next, 'plans change one after another');
    const segment = { from: Math.max(from, period.from), to: Math.min(next, period.to), plan };
    return segment.from < segment.to ? [segment] : [];
  });
}
