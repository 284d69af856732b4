import type { BudgetWeights } from '@leasehold/billing';

/** Of what a budget is. */
export type BudgetScope = 'organization' | 'database' | 'key';

/** What a budget is about; `subjectId` is the id of the database or key, and empty of the organization. */
export interface BudgetSubject {
  readonly scope: BudgetScope;
  readonly subjectId: string;
}

/** What people decide about it. */
export interface BudgetSettings {
  /** Null: the amount is in units. */
  readonly currency: string | null;
  /** In the smallest unit of the currency, or in units. */
  readonly amount: bigint;
  /** Ascending. */
  readonly alertPercents: readonly number[];
  /** Whether nothing more is written once it is used up. */
  readonly hardStop: boolean;
}

/** The amount and what things cost, as they are counted (libs/billing, budget.ts). */
export interface BudgetMeasure {
  readonly allowance: bigint;
  readonly weights: BudgetWeights;
}

export interface BudgetRecord extends BudgetSubject, BudgetSettings, BudgetMeasure {
  readonly id: string;
  readonly organizationId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A budget, and what is counted of it in a month. */
export interface CountedBudget extends BudgetRecord {
  /** Of the database or key; null: of the organization, or it is gone. */
  readonly subjectName: string | null;
  /** As it is weighed. */
  readonly used: bigint;
}

/** What of a budget nobody could add up. What gateways tell of it counts all the same. */
export const NOTHING_RECORDED: RecordedSpending = {
  recorded: 0n,
  stored: undefined,
  isExact: false,
  completeTo: undefined,
};

/** What records say about a budget in a month. */
export interface RecordedSpending {
  /** Everything that is rolled up, weighed. */
  readonly recorded: bigint;
  /** What storage weighs; undefined: as it was told last. */
  readonly stored: bigint | undefined;
  /** Whether records tell all that counts: of a key they tell no writes. */
  readonly isExact: boolean;
  /** Every record that was in the bucket then is in it; undefined: nobody has looked yet. */
  readonly completeTo: Date | undefined;
}

/** So much of a budget is used: to be told to people. */
export interface BudgetAlertRecord extends BudgetSubject, Pick<BudgetSettings, 'currency' | 'amount' | 'hardStop'> {
  readonly budgetId: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly subjectName: string | null;
  /** Year times 100 and month. */
  readonly month: number;
  readonly percent: number;
}
