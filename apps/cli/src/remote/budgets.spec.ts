import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { budgets, type BudgetsOptions } from './budgets.js';
import { ControlStandIn } from './testing/control-stand-in.js';

const RECORD = {
  ...{ id: '1', scope: 'database', subject: { id: 'id-1', name: 'acme' }, limit: { units: 1_000 } },
  ...{ alertPercents: [50, 100], hardStop: true, month: '2026-11', used: 250, usedPercent: 25 },
  ...{ exhaustedAt: '2026-11-30T00:00:00.000Z', createdAt: '', updatedAt: '' },
};
const LINE = 'database acme\t1000 units\t250\t25\t2026-11-30T00:00:00.000Z\tyes\t50,100';

describe('the command for budgets', () => {
  let control: ControlStandIn;

  beforeEach(async () => {
    control = await ControlStandIn.start((_method, url) =>
      url.startsWith('/v1/budgets?') ? { budgets: [RECORD], cursor: null } : RECORD,
    );
  });
  afterEach(() => control.close());

  const run = (options: BudgetsOptions) => budgets(options, control.env, control.output());

  it('lists them under a heading', async () => {
    await run({});
    expect(control.asked).toEqual(['GET /v1/budgets?limit=500']);
    expect(control.lines).toEqual(['of\tlimit\tused\t%\tused up at\thard stop\talerts at %', LINE]);
  });

  it.each([
    [{ organization: true }, 'GET /v1/budgets/organization'],
    [{ database: 'acme' }, 'GET /v1/budgets/databases/acme'],
    [{ key: 'k' }, 'GET /v1/budgets/keys/k'],
    [
      { database: 'acme', set: '1000 units', hardStop: true },
      'PUT /v1/budgets/databases/acme {"limit":{"units":1000},"hardStop":true}',
    ],
    [
      { organization: true, set: '5000USD', alerts: ['50', '90'] },
      'PUT /v1/budgets/organization {"limit":{"currency":"USD","amount":5000},"alertPercents":[50,90]}',
    ],
  ] as const)('asks, with %j: %s', async (options, wanted) => {
    await run(options);
    expect([control.asked, control.lines]).toEqual([[wanted], [LINE]]);
  });

  it('takes one away', async () => {
    await run({ key: 'k', delete: true });
    expect([control.asked, control.lines]).toEqual([['DELETE /v1/budgets/keys/k'], []]);
  });

  it.each([
    [{ set: '5 units' }],
    [{ delete: true }],
    [{ organization: true, database: 'acme' }],
    [{ organization: true, set: '5 units', delete: true }],
    [{ organization: true, alerts: ['50'] }],
    [{ organization: true, hardStop: true }],
    [{ organization: true, set: '5' }],
    [{ organization: true, set: '-5 units' }],
    [{ organization: true, set: '5.5 USD' }],
    [{ organization: true, set: '5 units', alerts: ['50%'] }],
  ] as const)('refuses %j', async (options) => {
    await expect(run(options)).rejects.toMatchObject({ name: 'CliError' });
    expect(control.asked).toEqual([]);
  });
});
