import { exhaustionOf, minorOfNanos, monthOf, percentOf } from '@leasehold/billing';
import type { CountedBudget } from '@leasehold/metadata';

/** A budget, and how far it is used in the month that is now. */
export interface BudgetView {
  readonly id: string;
  readonly scope: CountedBudget['scope'];
  /** The database or key; null: the organization. */
  readonly subject: { readonly id: string; readonly name: string | null } | null;
  readonly limit: { readonly units: number } | { readonly currency: string; readonly amount: number };
  readonly alertPercents: readonly number[];
  readonly hardStop: boolean;
  /** `2026-11`. */
  readonly month: string;
  /** In units, or in the smallest unit of the currency. */
  readonly used: number;
  /** Whole ones, rounded down. */
  readonly usedPercent: number;
  /** When it is used up if things go on as they have in this month; null: not in this month, or it is used up. */
  readonly exhaustedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function viewOf(budget: CountedBudget, now: number): BudgetView {
  const { id, scope, subjectId, subjectName, currency, amount, allowance, used } = budget;
  const period = monthOf(now);
  const exhaustedAt = exhaustionOf(used, allowance, period, now);
  return {
    id,
    scope,
    subject: subjectId === '' ? null : { id: subjectId, name: subjectName },
    limit: currency === null ? { units: Number(amount) } : { currency, amount: Number(amount) },
    alertPercents: budget.alertPercents,
    hardStop: budget.hardStop,
    month: new Date(period.from).toISOString().slice(0, 7),
    used: Number(currency === null ? used : minorOfNanos(used)),
    usedPercent: percentOf(used, allowance),
    exhaustedAt: exhaustedAt === undefined ? null : new Date(exhaustedAt),
    createdAt: budget.createdAt,
    updatedAt: budget.updatedAt,
  };
}
