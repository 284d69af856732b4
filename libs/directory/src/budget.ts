import type { Cost } from '@leasehold/protocol';

/** Of what a budget is. */
export type BudgetScope = 'organization' | 'database' | 'key';

/** What things weigh in the unit in which a budget is counted: units, or billionths of the smallest unit of a currency. Whole numbers, 0 or more. */
export interface BudgetWeights {
  readonly readUnit: number;
  readonly writeUnit: number;
  readonly egressByte: number;
}

/** A budget that is enforced, as far as gateways have to know it. What is left of it they ask of a {@link BudgetLedger}. */
export interface BudgetEntry {
  readonly id: string;
  readonly scope: BudgetScope;
  /** The id of the database or key; empty: of all that the tenant has. */
  readonly subjectId: string;
  readonly weights: BudgetWeights;
}

/** What an operation comes to, or may come to at most. */
export interface Spending extends Cost {
  readonly egressBytes: number;
}

export function weigh({ readUnits, writeUnits, egressBytes }: Spending, weights: BudgetWeights): number {
  return readUnits * weights.readUnit + writeUnits * weights.writeUnit + egressBytes * weights.egressByte;
}

/** The calendar month, in UTC, of a time: year times 100 and month, 202611. */
export function budgetMonthOf(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}
