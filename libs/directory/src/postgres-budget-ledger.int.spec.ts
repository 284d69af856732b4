import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import pg from 'pg';

import type { BudgetAsk } from './budget-ledger.js';
import { PostgresBudgetLedger } from './postgres-budget-ledger.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const MONTH = 202611;

describe('the ledger of budgets in Postgres', () => {
  let test: TestMetadata;
  let databaseUrl: string;
  let client: pg.Client;
  let ledger: PostgresBudgetLedger;
  let organizationId: string;
  let made = 0;
  let sequence = 0;

  async function addBudget(allowance: number, hardStop = true): Promise<string> {
    const id = `budget-${++made}`;
    await client.query(
      `INSERT INTO budgets (id, organization_id, scope, subject_id, amount, alert_percents, hard_stop, allowance, read_weight, write_weight, egress_weight)
       VALUES ($1, $2, 'key', $1, $3, '{}', $4, $3, 1, 1, 0)`,
      [id, organizationId, allowance, hardStop],
    );
    return id;
  }

  async function ask(holder: string, budgetId: string, asked: Partial<BudgetAsk> = {}) {
    const whole = {
      budgetId,
      month: MONTH,
      holder,
      sequence: ++sequence,
      spent: 0,
      keep: 0,
      want: 0,
      need: 0,
      ...asked,
    };
    return (await ledger.exchange([whole]))[0];
  }

  const held = async (budgetId: string) =>
    Number(
      (await client.query('SELECT sum(granted) AS held FROM budget_grants WHERE budget_id = $1', [budgetId])).rows[0]
        .held,
    );

  beforeAll(async () => {
    test = await openTestMetadata();
    ({ databaseUrl } = test);
    organizationId = await test.newOrganization();
    client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    ledger = new PostgresBudgetLedger(databaseUrl);
  });
  afterAll(async () => {
    await ledger.close();
    await client.end();
    await test.close();
  });

  it('grants what is wanted while there is much, and a part of what is left when there is little', async () => {
    const budget = await addBudget(1_600);
    expect(await ask('a', budget, { want: 100 })).toEqual({
      budgetId: budget,
      month: MONTH,
      granted: 100,
      rest: 1_500,
      overdraft: 1_000,
    });
    // A sixteenth of 1,500, shared by two.
    expect(await ask('b', budget, { want: 10_000 })).toMatchObject({ granted: 46, rest: 1_454, overdraft: 500 });
    expect(await ask('b', budget, { want: 10_000, spent: 46 })).toMatchObject({ granted: 46 + 45, rest: 1_409 });
    // What one request needs is not withheld for being more than a share.
    expect(await ask('b', budget, { want: 10_000, spent: 300, need: 500 })).toMatchObject({ granted: 800, rest: 700 });
    expect(await ask('b', budget, { want: 10_000, spent: 800, need: 700 })).toMatchObject({ granted: 1_500, rest: 0 });
    expect(await ask('b', budget, { spent: 1_500, need: 1 })).toMatchObject({ granted: 1_500, rest: 0, overdraft: 0 });
  });

  it('gives nobody all that is left who needs more than that', async () => {
    const budget = await addBudget(1_600);
    expect(await ask('a', budget, { want: 50, need: 1_601 })).toMatchObject({ granted: 50, rest: 1_550 });
    expect(await ask('b', budget, { need: 1_550 })).toMatchObject({ granted: 1_550, rest: 0 });
  });

  it('lets what is given back be had by others', async () => {
    const budget = await addBudget(100);
    expect(await ask('a', budget, { want: 1_000, need: 100 })).toMatchObject({ granted: 100, rest: 0 });
    expect(await ask('b', budget, { want: 10, need: 1 })).toMatchObject({ granted: 0, rest: 0 });
    expect(await ask('a', budget, { spent: 30, keep: 20, want: 20 })).toMatchObject({ granted: 50, rest: 50 });
    expect(await ask('b', budget, { want: 10, need: 5 })).toMatchObject({ granted: 5, rest: 45 });
  });

  it('gives a raise with the next ask', async () => {
    const budget = await addBudget(10);
    expect(await ask('a', budget, { need: 10 })).toMatchObject({ granted: 10 });
    expect(await ask('a', budget, { spent: 10, need: 1, want: 50 })).toMatchObject({ granted: 10, rest: 0 });
    await client.query('UPDATE budgets SET allowance = 1000 WHERE id = $1', [budget]);
    expect(await ask('a', budget, { spent: 10, need: 50, want: 50 })).toMatchObject({ granted: 60, rest: 940 });
  });

  it('is told again what an answer that was lost had granted, and grants it once', async () => {
    const budget = await addBudget(10_000);
    await ask('a', budget, { want: 100 });
    // Nobody has heard that.
    await ask('a', budget, { spent: 40, keep: 60, want: 100 });
    expect(await ask('a', budget, { spent: 60, keep: 40, want: 100 })).toMatchObject({ granted: 160, rest: 9_840 });
    expect(await held(budget)).toBe(160);
  });

  it('does not hear an ask that arrives behind a later one', async () => {
    const budget = await addBudget(10_000);
    const late = { sequence: ++sequence, spent: 0, keep: 0, want: 0 };
    expect(await ask('a', budget, { want: 100 })).toMatchObject({ granted: 100 });
    expect(await ask('a', budget, late)).toBeUndefined();
    expect(await held(budget)).toBe(100);
  });

  it('has the grant of a gateway that was killed count as spent', async () => {
    const budget = await addBudget(100);
    await ask('a', budget, { want: 1_000, need: 60 });
    await client.query(`UPDATE budget_grants SET seen_at = now() - interval '1 day' WHERE budget_id = $1`, [budget]);
    expect(await ask('b', budget, { want: 1_000, need: 41 })).toMatchObject({ granted: 2, rest: 38 });
    expect(await ask('b', budget, { want: 1_000, need: 40 })).toMatchObject({ granted: 40, rest: 0 });
  });

  it('shares what may be spent without it with those who rest, and remember their part', async () => {
    const budget = await addBudget(10_000);
    expect(await ask('a', budget, { spent: 1 })).toMatchObject({ overdraft: 1_000 });
    const seen = (ago: string) =>
      client.query('UPDATE budget_grants SET seen_at = now() - $2::interval WHERE budget_id = $1', [budget, ago]);
    await seen('10 minutes');
    expect(await ask('b', budget, { spent: 1 })).toMatchObject({ overdraft: 500 });
    await seen('12 minutes');
    expect(await ask('c', budget, { spent: 1 })).toMatchObject({ overdraft: 1_000 });
  });

  it('counts what was spent without a grant', async () => {
    const budget = await addBudget(100);
    expect(await ask('a', budget, { spent: 130, want: 10, need: 1 })).toMatchObject({
      granted: 130,
      rest: -30,
      overdraft: 0,
    });
    expect(await ask('b', budget, { want: 10, need: 1 })).toMatchObject({ granted: 0, rest: -30 });
  });

  it('says nothing of budgets that do not stop, or are gone', async () => {
    const soft = await addBudget(100, false);
    const gone = await addBudget(100);
    await client.query('DELETE FROM budgets WHERE id = $1', [gone]);
    expect([await ask('a', soft, { want: 1 }), await ask('a', gone, { want: 1 })]).toEqual([undefined, undefined]);
  });

  it('goes by what is decided while it waits: a budget that goes, and one that is lowered', async () => {
    const [gone, lowered, other] = [await addBudget(100), await addBudget(100), await addBudget(100)];
    for (const each of [gone, lowered]) await ask('a', each, { want: 1 });
    await client.query('BEGIN');
    await client.query('UPDATE budgets SET allowance = 7 WHERE id = $1', [lowered]);
    await client.query('SELECT FROM budget_months WHERE budget_id = $1 FOR UPDATE', [lowered]);
    await client.query('DELETE FROM budgets WHERE id = $1', [gone]);
    const asks = [gone, lowered, other].map((budgetId) => ({
      ...{ budgetId, month: MONTH, holder: 'a', sequence: ++sequence, spent: 0, keep: 0, want: 0, need: 50 },
    }));
    const exchange = ledger.exchange(asks);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.query('COMMIT');
    const granted = new Map((await exchange).map((grant) => [grant.budgetId, grant.granted]));
    expect(granted).toEqual(
      new Map([
        // As it is now, what is needed is more than there is.
        [lowered, 0],
        [other, 50],
      ]),
    );
  });

  it('begins each month anew', async () => {
    const budget = await addBudget(10);
    expect(await ask('a', budget, { need: 10 })).toMatchObject({ granted: 10 });
    expect(await ask('a', budget, { need: 10, month: MONTH + 1 })).toMatchObject({ granted: 10, month: MONTH + 1 });
  });

  it('never gives two who race for the last units more than there is', async () => {
    const budget = await addBudget(1_000);
    const racer = async (holder: string): Promise<number> => {
      const own = new PostgresBudgetLedger(databaseUrl);
      let [spent, number] = [0, 0];
      try {
        for (let round = 0; round < 400; round++) {
          const asked = {
            budgetId: budget,
            month: MONTH,
            holder,
            sequence: ++number,
            spent,
            keep: 0,
            want: 50,
            need: 1,
          };
          const [grant] = await own.exchange([asked]);
          if (grant === undefined || grant.granted === spent) return spent;
          spent = grant.granted;
        }
        return spent;
      } finally {
        await own.close();
      }
    };
    const spent = await Promise.all(['a', 'b', 'c'].map(racer));
    expect(spent.reduce((sum, each) => sum + each)).toBe(1_000);
    expect(await held(budget)).toBe(1_000);
  });

  it('rejects when Postgres is down', async () => {
    const nobody = new PostgresBudgetLedger('postgresql://127.0.0.1:1/none');
    await expect(
      nobody.exchange([{ budgetId: 'x', month: MONTH, holder: 'a', sequence: 1, spent: 0, keep: 0, want: 1, need: 1 }]),
    ).rejects.toThrow();
    await nobody.close();
  });
});
