/** What one gateway tells of a budget, and wants of it. Everything as the budget weighs it; whole numbers. */
export interface BudgetAsk {
  readonly budgetId: string;
  /** As `budgetMonthOf` has it. */
  readonly month: number;
  /** Of the account that asks: never used twice, so that who has forgotten what was spent begins another one. */
  readonly holder: string;
  /** Grows with every ask of this holder. One that arrives after a later one changes nothing, and is not answered. */
  readonly sequence: number;
  /** By this holder in this month in all. */
  readonly spent: number;
  /** Of what it holds, what it does not give back. */
  readonly keep: number;
  /** What it would like to hold. */
  readonly want: number;
  /** What the largest of the requests needs that wait; 0: none does. More than there is gets nothing. */
  readonly need: number;
}

/** What one gateway may spend of a budget. */
export interface BudgetGrant {
  readonly budgetId: string;
  readonly month: number;
  /** In this month in all: what is beyond `spent` of the ask is held. */
  readonly granted: number;
  /** What nobody holds; below 0: more was spent than there is. */
  readonly rest: number;
  /** What it may spend beside, should the ledger not answer any more, until it does. */
  readonly overdraft: number;
}

/** Of one exchange; further ones wait for the next. */
export const MAX_BUDGET_ASKS = 500;

/**
 * Where gateways take leases of what is left of a budget, so that what all of them spend stays within it: what one of them holds is nobody
 * else's, and is spent without asking. All that gateways hold and have spent is within the budget, whoever of them dies: what a dead one
 * held counts as spent until records say otherwise (docs/budgets.md).
 *
 * Totals go both ways, not differences: an ask whose answer was lost is made good by the next one.
 */
export interface BudgetLedger {
  /**
   * Rejects when the ledger does not answer, within a bounded time: then the asks may have been heard, or may be heard later.
   *
   * @param asks {@link MAX_BUDGET_ASKS} at most, each budget and month once
   * @returns by asks, in no order; none for a budget that is not enforced (any more)
   */
  exchange(asks: readonly BudgetAsk[]): Promise<readonly BudgetGrant[]>;
}
