import type pg from 'pg';

import type { BudgetAsk, BudgetGrant, BudgetLedger } from './budget-ledger.js';
import { openPool } from './postgres-pool.js';

/** Requests wait for it: a late one is worth little. */
const TIMEOUT_MS = 1_500;

const EXCHANGE = `
  SELECT budget_id, month, granted, rest, overdraft FROM take_budget_grants($1::jsonb)`;

/** Numbers that may be large come as text. */
interface GrantRow {
  readonly budget_id: string;
  readonly month: number;
  readonly granted: string;
  readonly rest: string;
  readonly overdraft: string;
}

/** The ledger in the control plane's Postgres: a row for each holder, budget and month (libs/metadata, migration `budgets`). One connection. */
export class PostgresBudgetLedger implements BudgetLedger {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = openPool(databaseUrl, { purpose: 'budget-ledger', connections: 1, timeoutMs: TIMEOUT_MS });
  }

  async exchange(asks: readonly BudgetAsk[]): Promise<readonly BudgetGrant[]> {
    const told = asks.map(({ budgetId: budget, ...ask }) => ({ budget, ...ask }));
    const { rows } = await this.pool.query<GrantRow>(EXCHANGE, [JSON.stringify(told)]);
    return rows.map(({ budget_id: budgetId, month, granted, rest, overdraft }) => ({
      budgetId,
      month,
      granted: Number(granted),
      rest: Number(rest),
      overdraft: Number(overdraft),
    }));
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
