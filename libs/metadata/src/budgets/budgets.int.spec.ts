import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { Metadata } from '../metadata.js';
import { NOTHING_RECORDED, type BudgetSettings, type BudgetSubject, type RecordedSpending } from './budget-record.js';
import { MAX_BUDGETS } from './budgets.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const MONTH = 202611;
const SETTINGS: BudgetSettings = { currency: null, amount: 1_000n, alertPercents: [], hardStop: true };
const WEIGHTS = { readUnits: 1n, writeUnits: 1n, egressBytes: 0n };
const LONG_AGO = new Date(Date.UTC(2020, 0));
/** Past every mark. */
const IN_THE_END = new Date(Date.UTC(2100, 0));
const ORGANIZATION: BudgetSubject = { scope: 'organization', subjectId: '' };

describe('what is counted of budgets', () => {
  let test: TestMetadata;
  let metadata: Metadata;

  const told = (recorded: bigint, more: Partial<RecordedSpending> = {}): RecordedSpending => ({
    recorded,
    stored: 0n,
    isExact: true,
    completeTo: LONG_AGO,
    ...more,
  });

  /** Of an organization of its own, with so much recorded when it is made. */
  async function newBudget(recorded: bigint, settings: Partial<BudgetSettings> = {}, subject = ORGANIZATION) {
    const organizationId = await test.newOrganization();
    const all = { ...SETTINGS, ...settings };
    const measure = { allowance: all.amount, weights: WEIGHTS };
    const change = async (change: Partial<BudgetSettings>) => {
      const changed = { ...all, ...change };
      const other = { ...measure, allowance: changed.amount };
      await metadata.budgets.put(organizationId, subject, changed, other, MONTH, told(recorded));
    };
    await metadata.budgets.put(organizationId, subject, all, measure, MONTH, told(recorded));
    const read = async () => {
      const found = await metadata.budgets.get(organizationId, MONTH, subject);
      if (!found) throw new Error('the budget is gone');
      return found;
    };
    const { id } = await read();
    let sequence = 0;
    const ask = async (holder: string, spent: number, need: number) => {
      const asked = { budget: id, month: MONTH, holder, sequence: ++sequence, spent, keep: 0, want: 0, need };
      const [row] = await metadata.prisma.$queryRaw<{ granted: bigint; rest: bigint }[]>`
        SELECT granted, rest FROM take_budget_grants(${JSON.stringify([asked])}::jsonb)`;
      return { granted: Number(row?.granted), rest: Number(row?.rest) };
    };
    /** Holds `need` beside what it has spent. @returns what it may spend in all */
    const gateway = async (holder: string, spent: number, need: number): Promise<number> =>
      (await ask(holder, spent, need)).granted;
    /** Holds everything that is left. */
    const takeAll = async (holder: string, spent: number): Promise<number> =>
      gateway(holder, spent, (await ask(holder, spent, 0)).rest);
    const kill = () =>
      metadata.prisma
        .$executeRaw`UPDATE budget_grants SET seen_at = now() - interval '10 minutes' WHERE budget_id = ${id}`;
    return { id, organizationId, read, gateway, takeAll, kill, change };
  }

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
  });
  afterAll(() => test.close());

  it('begins with what records say', async () => {
    const { read, gateway } = await newBudget(400n);
    expect((await read()).used).toBe(400n);
    expect([await gateway('a', 0, 601), await gateway('a', 0, 600)]).toEqual([0, 600]);
  });

  it('is what gateways say, until records say the same', async () => {
    const { id, read, gateway } = await newBudget(100n);
    await gateway('a', 0, 200);
    await gateway('a', 150, 0);
    expect((await read()).used).toBe(250n);
    expect(await metadata.budgets.settle(id, MONTH, told(180n))).toBe(250n);
    expect(await metadata.budgets.settle(id, MONTH, told(250n))).toBe(250n);
  });

  it('is never less than records say', async () => {
    const { id, takeAll } = await newBudget(0n);
    expect(await metadata.budgets.settle(id, MONTH, told(700n))).toBe(700n);
    expect(await takeAll('a', 0)).toBe(300);
  });

  it('is never less than records say of a key either, of which gateways may tell nothing', async () => {
    const key = { scope: 'key', subjectId: 'k' } as const;
    const { id, read } = await newBudget(100n, { hardStop: false, alertPercents: [50] }, key);
    const settle = (recorded: bigint, month = MONTH) =>
      metadata.budgets.settle(id, month, told(recorded, { isExact: false }));
    expect([await settle(600n), (await read()).used]).toEqual([600n, 600n]);
    expect([await settle(0n, MONTH + 1), await settle(70n, MONTH + 1)]).toEqual([0n, 70n]);
    expect((await metadata.budgets.takeAlerts(100)).filter(({ budgetId }) => budgetId === id)).toMatchObject([
      { month: MONTH, percent: 50 },
    ]);
  });

  it('has storage in it, as it grows', async () => {
    const { id, takeAll } = await newBudget(0n);
    expect(await metadata.budgets.settle(id, MONTH, told(10n, { stored: 500n }))).toBe(510n);
    expect(await metadata.budgets.settle(id, MONTH, told(10n, { stored: 600n }))).toBe(610n);
    expect(await takeAll('a', 0)).toBe(390);
  });

  it('goes on as it was where nobody could add up what records say', async () => {
    const { id, gateway } = await newBudget(0n);
    await metadata.budgets.settle(id, MONTH, told(100n, { stored: 50n }));
    await gateway('a', 200, 0);
    expect(await metadata.budgets.settle(id, MONTH, NOTHING_RECORDED)).toBe(350n);
  });

  it('has all that a gateway held that was killed, until its records would have told of it', async () => {
    const { id, read, gateway, takeAll, kill } = await newBudget(0n);
    expect(await gateway('dead', 100, 500)).toBe(600);
    await kill();
    expect((await read()).used).toBe(600n);
    expect(await takeAll('b', 0)).toBe(400);
    await gateway('b', 0, 0);
    // Records tell of 120. They are complete up to a time that lies before the mark, and so say nothing of what may have come since.
    expect(await metadata.budgets.settle(id, MONTH, told(120n))).toBe(600n);
    // A mark is made where the dead one is known to be dead; once records reach past it, they have told of it what there was to tell.
    await metadata.budgets.settle(id, MONTH, told(120n, { completeTo: IN_THE_END }), 0);
    expect(await metadata.budgets.settle(id, MONTH, told(120n, { completeTo: IN_THE_END }), 0)).toBe(120n);
    expect(await takeAll('b', 0)).toBe(880);
  });

  it('keeps what was spent since the mark, of which records may not tell yet', async () => {
    const { id, gateway } = await newBudget(0n);
    await gateway('a', 300, 0);
    await metadata.budgets.settle(id, MONTH, told(0n, { completeTo: IN_THE_END }), 0);
    await gateway('a', 350, 0);
    // 200 of the 300 were never done.
    expect(await metadata.budgets.settle(id, MONTH, told(100n, { completeTo: IN_THE_END }), 0)).toBe(150n);
  });

  it('waits with that until records are complete for a while', async () => {
    const { id, gateway } = await newBudget(0n);
    await gateway('a', 300, 0);
    const now = new Date();
    await metadata.budgets.settle(id, MONTH, told(0n, { completeTo: now }), 60);
    expect(await metadata.budgets.settle(id, MONTH, told(0n, { completeTo: now }), 60)).toBe(300n);
  });

  it('forgets gateways that are long gone, and not what they held', async () => {
    const { id, gateway, takeAll } = await newBudget(0n);
    await gateway('dead', 100, 500);
    await metadata.prisma
      .$executeRaw`UPDATE budget_grants SET seen_at = now() - interval '2 hours' WHERE budget_id = ${id}`;
    expect(await metadata.budgets.settle(id, MONTH, told(0n))).toBe(600n);
    expect(await metadata.prisma.budgetGrant.count({ where: { budgetId: id } })).toBe(0);
    expect(await takeAll('b', 0)).toBe(400);
    // It was alive, and comes back: what it spent counts twice until records say otherwise, never less than once.
    await gateway('b', 0, 0);
    expect(await takeAll('dead', 200)).toBe(400);
  });

  it('takes of a key what records cannot tell from gateways alone', async () => {
    const subject = { scope: 'key', subjectId: 'k' } as const;
    const { id, gateway } = await newBudget(50n, {}, subject);
    await gateway('a', 300, 0);
    const reads = { isExact: false, completeTo: IN_THE_END };
    expect(await metadata.budgets.settle(id, MONTH, told(60n, reads), 0)).toBe(350n);
    expect(await metadata.budgets.settle(id, MONTH, told(60n, reads), 0)).toBe(350n);
  });

  it('tells of each percent once in a month, to webhooks and to mails', async () => {
    const { id, organizationId, change } = await newBudget(0n, { alertPercents: [50, 80, 100] });
    await metadata.webhooks.create(organizationId, `hook ${id}`, {
      url: 'https://x.example',
      description: '',
      events: ['budget.alerted'],
      enabled: true,
    });
    const events = async () => (await metadata.deliveries.list(`hook ${id}`, undefined, 100)).map(({ event }) => event);
    const settle = (recorded: bigint, month = MONTH) => metadata.budgets.settle(id, month, told(recorded));
    await settle(499n);
    expect(await events()).toEqual([]);
    await Promise.all([settle(810n), settle(810n), settle(810n), settle(810n)]);
    expect(await events()).toEqual(['budget.alerted', 'budget.alerted']);
    const entries = await metadata.auditLog.list(organizationId, undefined, 10, { action: 'budget.alerted' });
    expect(entries.map(({ after }) => after)).toMatchObject([{ percent: 80 }, { percent: 50, scope: 'organization' }]);
    const taken = (await Promise.all([metadata.budgets.takeAlerts(100), metadata.budgets.takeAlerts(100)])).flat();
    expect(
      taken
        .filter(({ budgetId }) => budgetId === id)
        .map(({ percent }) => percent)
        .sort(),
    ).toEqual([50, 80]);
    // Raised, and as far as before: what was told was told.
    await change({ amount: 2_000n });
    await settle(1_100n);
    expect(await events()).toHaveLength(2);
    await settle(2_000n);
    await settle(2_000n);
    expect(await events()).toHaveLength(3);
    await settle(1_000n, MONTH + 1);
    expect(await events()).toHaveLength(4);
    expect((await metadata.budgets.takeAlerts(100)).map(({ month, percent }) => [month, percent])).toEqual([
      [MONTH, 100],
      [MONTH + 1, 50],
    ]);
    expect(await metadata.budgets.takeAlerts(100)).toEqual([]);
  });

  it('has of a key what it read in databases that are purged', async () => {
    const organizationId = await test.newOrganization();
    const [databaseId, keyId] = [randomUUID(), 'k'];
    await metadata.prisma.database.create({ data: { id: databaseId, organizationId, name: 'main' } });
    const [hour, none] = [Date.UTC(2026, 10, 28) / 3_600_000, { commits: 0n, writeUnits: 0n, requests: 1n }];
    const data = { databaseId, hour, keyId, ...none, readUnits: 7n, egressBytes: 8n };
    await metadata.prisma.usageHour.create({ data });
    await metadata.prisma.database.delete({ where: { id: databaseId } });
    const found = await metadata.budgets.readsOfKey(organizationId, keyId, MONTH);
    expect(found).toEqual({ readUnits: 7n, egressBytes: 8n });
    expect(await metadata.budgets.readsOfKey(organizationId, keyId, MONTH + 1)).toMatchObject({ readUnits: 0n });
  });

  it('keeps a raise that arrives while prices change', async () => {
    const { id, read, change } = await newBudget(0n, { currency: 'USD' });
    await change({ amount: 5_000n });
    const { updatedAt } = await read();
    await metadata.budgets.reweigh(id, { readUnits: 2n, writeUnits: 3n, egressBytes: 4n });
    expect(await read()).toMatchObject({
      // By people.
      updatedAt,
      allowance: 5_000n,
      weights: { readUnits: 2n, writeUnits: 3n, egressBytes: 4n },
    });
  });

  it('is another one in another unit: what was counted of it says nothing there', async () => {
    const { id, organizationId, read, gateway } = await newBudget(0n, { currency: 'USD', amount: 1_000_000n });
    await gateway('a', 900_000, 0);
    expect((await read()).used).toBe(900_000n);
    const measure = { allowance: 500n, weights: WEIGHTS };
    const settings = { ...SETTINGS, amount: 500n };
    await metadata.budgets.put(organizationId, ORGANIZATION, settings, measure, MONTH, told(30n));
    const other = await read();
    expect([other.id === id, other.used]).toEqual([false, 30n]);
  });

  it('is of a database or key by its name, as long as there is one', async () => {
    const organizationId = await test.newOrganization();
    const databaseId = randomUUID();
    await metadata.prisma.database.create({ data: { id: databaseId, organizationId, name: 'main' } });
    const subject = { scope: 'database', subjectId: databaseId } as const;
    const measure = { allowance: 1_000n, weights: WEIGHTS };
    await metadata.budgets.put(organizationId, subject, SETTINGS, measure, MONTH, told(1n));
    expect(await metadata.budgets.list(organizationId, MONTH, undefined, 10)).toMatchObject([{ subjectName: 'main' }]);
    await metadata.databases.delete(organizationId, databaseId);
    expect(await metadata.budgets.get(organizationId, MONTH, subject)).toMatchObject({ subjectName: null, used: 1n });
    expect([
      await metadata.budgets.delete(organizationId, subject),
      await metadata.budgets.delete(organizationId, subject),
    ]).toEqual([true, false]);
  });

  it('is looked at by one at a time, the longest waiting first', async () => {
    const { id } = await newBudget(0n);
    await metadata.prisma.$executeRaw`UPDATE budgets SET looked_at = now() - interval '1 day' WHERE id = ${id}`;
    const looks = await Promise.all([metadata.budgets.due(60_000, 1), metadata.budgets.due(60_000, 1)]);
    expect(looks.flat().map((budget) => budget.id)).toEqual([id]);
    expect(looks.flat()).toMatchObject([{ allowance: 1_000n, weights: WEIGHTS, scope: 'organization' }]);
  });

  it('is looked at in turns, however many another organization has', async () => {
    const [many, single] = [await newBudget(0n), await newBudget(0n)];
    await metadata.prisma.$executeRaw`
      INSERT INTO budgets (id, organization_id, scope, subject_id, amount, alert_percents, hard_stop, allowance, read_weight, write_weight, egress_weight)
      SELECT 'turn ' || n, ${many.organizationId}, 'key', 'k' || n, 1, '{}', false, 1, 1, 1, 0 FROM generate_series(1, 9) AS n`;
    await metadata.prisma.$executeRaw`
      UPDATE budgets SET looked_at = now() - interval '1 day' WHERE organization_id = ${many.organizationId}`;
    await metadata.prisma.$executeRaw`
      UPDATE budgets SET looked_at = now() - interval '1 hour' WHERE id = ${single.id}`;
    const looked = await metadata.budgets.due(60_000, 3);
    expect(looked.map(({ organizationId }) => organizationId).sort()).toEqual(
      [many.organizationId, many.organizationId, single.organizationId].sort(),
    );
    expect(await metadata.budgets.due(60_000, 100)).toHaveLength(8);
  });

  it('is for a bounded number in an organization', async () => {
    const { organizationId } = await newBudget(0n);
    await metadata.prisma.$executeRaw`
      INSERT INTO budgets (id, organization_id, scope, subject_id, amount, alert_percents, hard_stop, allowance, read_weight, write_weight, egress_weight)
      SELECT 'many ' || n, ${organizationId}, 'key', 'k' || n, 1, '{}', false, 1, 1, 1, 0 FROM generate_series(2, ${MAX_BUDGETS}::int) AS n`;
    const measure = { allowance: 1n, weights: WEIGHTS };
    const put = (subjectId: string) =>
      metadata.budgets.put(organizationId, { scope: 'key', subjectId }, SETTINGS, measure, MONTH, told(0n));
    expect([await put('one more'), await put('k2')]).toEqual([undefined, 'put']);
  });

  it('leaves nothing of months that are over', async () => {
    const { id, gateway } = await newBudget(0n);
    await gateway('a', 1, 1);
    await metadata.budgets.prune(MONTH, 1_000);
    expect(await metadata.prisma.budgetGrant.count({ where: { budgetId: id } })).toBe(1);
    await metadata.budgets.prune(MONTH + 1, 1_000);
    expect(await metadata.prisma.budgetGrant.count({ where: { budgetId: id } })).toBe(0);
  });
});
