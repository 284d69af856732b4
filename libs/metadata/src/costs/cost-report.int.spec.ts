import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { amountsOf, METERS, MICROS_PER_MINOR, PER, totalMicros, totalOf, type Plan } from '@leasehold/billing';
import { seededRandom, type DatabaseId, type SessionId } from '@leasehold/foundation';
import type { DatabaseUsage } from '@leasehold/metering';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { UsageLedger } from '@leasehold/usage-ledger';

import { CostTooLargeError, type CostQuestion, type CostRow } from './cost-question.js';
import { CostReport } from './cost-report.js';
import type { Metadata } from '../metadata.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const [JUNE, JULY] = [Date.UTC(2026, 5), Date.UTC(2026, 6)] as const;
const KEYS = ['01jd000000000000000000000k', '01jd000000000000000000000m', null] as const;
const STEPS = ['hour', 'day', 'month'] as const;
const GROUPS = [undefined, 'database', 'key', { label: 'team' }] as const;

const prices: Plan['prices'] = {
  readUnits: { amount: 40n, per: PER.million, included: 1_000_000n },
  writeUnits: { amount: 200n, per: PER.million, included: 0n },
  storedByteMs: { amount: 1n, per: PER.gigabyteHour, included: 0n },
  egressBytes: { amount: 9n, per: PER.gigabyte, included: 0n },
};

describe('the cost report', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let ledger: UsageLedger;
  let records = 0;
  let mine: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    ledger = new UsageLedger(test.databaseUrl);
    await ledger.passed(Date.UTC(2026, 8, 20));
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(JUNE) } });
    const text = ({ amount, per, included }: Plan['prices']['readUnits']) => ({
      ...{ amount: String(amount), per: String(per), included: String(included) },
    });
    const json = Object.fromEntries(METERS.map((meter) => [meter, text(prices[meter])]));
    for (const planId of ['pro', 'large']) await metadata.plans.put(planId, planId, {});
    const version = { currency: 'USD', effectiveFrom: new Date(0), version: 1, prices: json };
    await metadata.prisma.planVersion.createMany({
      data: [
        { ...version, planId: 'pro', fee: 2_000n, minimum: 0n },
        { ...version, planId: 'large', fee: 0n, minimum: 90_000n },
        {
          ...version,
          planId: 'pro',
          version: 2,
          effectiveFrom: new Date(JUNE + 20 * DAY_MS),
          fee: 3_100n,
          minimum: 0n,
        },
      ],
    });
  });
  afterAll(async () => {
    await ledger.close();
    await test.close();
  });
  beforeEach(async () => {
    mine = await newOrganization(JUNE - DAY_MS);
  });

  async function newOrganization(createdAt: number): Promise<string> {
    const id = await test.newOrganization();
    await metadata.prisma.organization.update({ where: { id }, data: { createdAt: new Date(createdAt) } });
    return id;
  }
  const give = (planId: string, since: number) =>
    metadata.prisma.organizationPlan.create({ data: { organizationId: mine, planId, since: new Date(since) } });
  const newDatabase = async (name: string, labels = {}) =>
    (await metadata.databases.create(mine, name, { labels })).id as DatabaseId;
  async function take(database: DatabaseId, usage: Partial<DatabaseUsage>): Promise<void> {
    const session = `01jd${String(++records).padStart(22, '0')}` as SessionId;
    const databases = [{ database, writes: [], reads: [], sizes: [], ...usage }];
    await ledger.take({ session, number: 1, from: JUNE, to: JULY, databases });
  }
  const read = (at: number, readUnits: number, key: string | null = KEYS[0]) => ({
    ...{ hour: at / HOUR_MS, key, requests: 1, readUnits, egressBytes: 1_000 * readUnits },
  });

  const reckon = (time = JUNE) => metadata.costReport.reckon(mine, time);
  const question = (more: Partial<CostQuestion> = {}): CostQuestion => ({
    ...{ step: 'day', group: undefined, databaseId: undefined, meter: undefined, after: undefined, ...more },
  });
  async function allOf(more: Partial<CostQuestion>, reckoning = reckon()): Promise<readonly CostRow[]> {
    const rows: CostRow[] = [];
    for await (const step of metadata.costReport.steps(await reckoning, question(more))) rows.push(...step.rows);
    return rows;
  }
  async function pagesOf(more: Partial<CostQuestion>, limit: number): Promise<readonly CostRow[]> {
    const reckoning = await reckon();
    const rows: CostRow[] = [];
    let after: CostQuestion['after'];
    do {
      const page = await metadata.costReport.page(reckoning, question({ ...more, after }), limit);
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      rows.push(...page.rows);
      after = page.next;
    } while (after);
    return rows;
  }
  const micros = (rows: readonly CostRow[], meter: (typeof METERS)[number]) =>
    rows.reduce((sum, { cost }) => sum + cost[meter], 0n);

  it.each([1, 2, 3, 4])('adds up to the draft of the invoice, however it is grouped (%i)', async (seed) => {
    const random = seededRandom(seed);
    const below = (bound: number) => Math.floor(random.fraction() * bound);
    const hourOf = () => JUNE + below(720) * HOUR_MS;
    mine = await newOrganization(JUNE + (below(3) - 1) * 2 * DAY_MS + below(HOUR_MS));
    const changes = Array.from({ length: below(4) }, () => hourOf() + below(HOUR_MS)).sort((a, b) => a - b);
    await give('pro', JUNE - DAY_MS);
    for (const at of changes) await give(['free', 'pro', 'large'][below(3)] ?? '', at);
    const databases = [
      await newDatabase('a', { team: 'red' }),
      await newDatabase('b', { team: 'red' }),
      await newDatabase('c', { team: 'blue' }),
      await newDatabase('d'),
    ];
    for (const database of databases) {
      let commits = 0;
      for (let n = 0; n < 15; n++) {
        const [at, more] = [hourOf(), below(30_000)];
        const from = { commits, writeUnits: 7 * commits };
        const to = { commits: commits + more, writeUnits: 7 * (commits + more) };
        commits += more;
        await take(database, {
          writes: more === 0 ? [] : [{ hour: at / HOUR_MS, from, to }],
          reads: [read(hourOf(), below(400_000), KEYS[below(3)] ?? null)],
          sizes: [{ at: hourOf() + below(HOUR_MS), bytes: below(3) * below(900_000_000) }],
        });
      }
    }
    await metadata.databases.delete(mine, databases[1] ?? '');
    const reckoning = reckon();
    const draft = await metadata.invoices.draft(mine, JUNE);
    const own = amountsOf(draft?.lines ?? []);
    expect(amountsOf((await reckoning).cost.lines)).toEqual(own);
    for (const step of STEPS) {
      for (const group of GROUPS) {
        const rows = await allOf({ step, group }, reckoning);
        for (const meter of METERS) {
          expect([step, group, meter, micros(rows, meter)]).toEqual([
            step,
            group,
            meter,
            own[meter] * MICROS_PER_MINOR,
          ]);
        }
        const metered = rows.reduce((sum, { cost }) => sum + totalMicros(cost), 0n);
        expect(metered + (own.fee + own.minimum) * MICROS_PER_MINOR).toBe(
          totalOf(draft?.lines ?? []) * MICROS_PER_MINOR,
        );
      }
    }
    // A step costs the same, whoever it is told of.
    const [byStep, byKey] = [
      await allOf({ step: 'day' }, reckoning),
      await allOf({ step: 'day', group: 'key' }, reckoning),
    ];
    for (const { from, cost } of byStep) {
      const keys = byKey.filter((row) => row.from.getTime() === from.getTime());
      expect(keys.reduce((sum, row) => sum + totalMicros(row.cost), 0n)).toBe(totalMicros(cost));
    }
    // And a database what the invoice says, which rounds to whole units.
    const byDatabase = await allOf({ step: 'month', group: 'database' }, reckoning);
    for (const line of draft?.lines ?? []) {
      if (
        line.kind !== 'meter' ||
        (draft?.lines ?? []).filter((one) => one.kind === 'meter' && one.meter === line.meter).length > 1
      )
        continue;
      for (const { database, amount } of line.databases) {
        const told = byDatabase.find((row) => row.group === database)?.cost[line.meter] ?? 0n;
        const apart = told - amount * MICROS_PER_MINOR;
        expect(apart < MICROS_PER_MINOR && -apart < MICROS_PER_MINOR).toBe(true);
      }
    }
  });

  it('spreads what is included over everybody, and tells a plan from the next within a day', async () => {
    await give('free', JUNE - DAY_MS);
    await give('pro', JUNE + 12 * HOUR_MS);
    const [a, b] = [await newDatabase('a'), await newDatabase('b')];
    await take(a, { reads: [read(JUNE, 5_000_000), read(JUNE + 13 * HOUR_MS, 6_000_000)] });
    await take(b, { reads: [read(JUNE + 14 * HOUR_MS, 2_000_000, KEYS[1])] });
    // From noon on until another version holds, 468 hours of 720.
    const included = 650_000n;
    const line = (40n * (8_000_000n - included)) / 1_000_000n;
    const rows = await allOf({ group: 'database', meter: 'readUnits' });
    expect(rows.map(({ from, group, cost }) => [from.getTime(), group === a ? 'a' : 'b', cost.readUnits])).toEqual(
      [
        [JUNE, 'a', (line * MICROS_PER_MINOR * 3n) / 4n],
        [JUNE, 'b', (line * MICROS_PER_MINOR) / 4n],
      ].sort((one, other) => (one[1] === other[1] ? 0 : (one[1] === 'a') === a < b ? -1 : 1)),
    );
  });

  it('tells what is stored under no key, also in hours in which nobody did anything', async () => {
    await give('pro', JUNE - DAY_MS);
    const a = await newDatabase('a');
    await take(a, { sizes: [{ at: JUNE, bytes: 500_000_000_000 }], reads: [read(JUNE + HOUR_MS, 3)] });
    for (const more of [{}, { databaseId: a }]) {
      const rows = await allOf({ step: 'hour', group: 'key', ...more });
      expect(rows.slice(0, 3).map(({ group, cost }) => [group, cost.storedByteMs])).toEqual([
        [null, 500n * MICROS_PER_MINOR],
        [null, 500n * MICROS_PER_MINOR],
        [KEYS[0], 0n],
      ]);
      expect(rows).toHaveLength(721);
    }
  });

  it('has the same rows page by page, and goes on behind each', async () => {
    await give('pro', JUNE - DAY_MS);
    await give('large', JUNE + 10 * DAY_MS + 5 * HOUR_MS);
    for (const name of ['a', 'b', 'c']) {
      const reads = [0, 1, 30, 245, 600].map((n) => read(JUNE + n * HOUR_MS, 700_001));
      await take(await newDatabase(name, { team: name }), { reads, sizes: [{ at: JUNE + 300 * HOUR_MS, bytes: 9e9 }] });
    }
    for (const step of STEPS) {
      for (const group of GROUPS) {
        for (const limit of [1, 2, 100]) {
          // By hour there are hundreds of rows.
          if (step === 'hour' && limit < 100) continue;
          expect(await pagesOf({ step, group }, limit)).toEqual(await allOf({ step, group }));
        }
      }
    }
  });

  it('has the same page again, whoever has read on meanwhile, and where other pages begin', async () => {
    await give('pro', JUNE - DAY_MS);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      await take(await newDatabase(name), { reads: [read(JUNE, 700_001), read(JUNE + DAY_MS, 1)] });
    const reckoning = await reckon();
    const byDatabase = question({ group: 'database' });
    const all = await allOf({ group: 'database' }, Promise.resolve(reckoning));
    expect(all).toHaveLength(12);
    const pageAt = (n: number) =>
      metadata.costReport.page(reckoning, { ...byDatabase, after: n === 0 ? undefined : all[n - 1] }, 2);
    for (const n of [0, 2, 4, 2, 1, 0, 3, 8, 6, 7, 2]) {
      expect([n, (await pageAt(n)).rows]).toEqual([n, all.slice(n, n + 2)]);
    }
  });

  it('refuses a month that has more rows together than it holds, though no day has', async () => {
    await give('pro', JUNE - DAY_MS);
    for (const [name, at] of [
      ['a', JUNE],
      ['b', JUNE],
      ['c', JUNE + DAY_MS],
    ] as const)
      await take(await newDatabase(name), { reads: [read(at, 700_001)] });
    const small = new CostReport(metadata.prisma, 2);
    const reckoning = await reckon();
    const byDay = await small.page(reckoning, question({ group: 'database' }), 100);
    expect(byDay.rows).toHaveLength(3);
    const byMonth = question({ group: 'database', step: 'month' });
    await expect(small.page(reckoning, byMonth, 100)).rejects.toThrow(CostTooLargeError);
    await expect(small.steps(reckoning, byMonth).next()).rejects.toThrow(CostTooLargeError);
    expect((await small.page(reckoning, { ...byMonth, group: 'key' }, 100)).rows).toHaveLength(1);
  });

  it('of one database is what it has among all, to the millionth', async () => {
    await give('pro', JUNE - DAY_MS);
    const [a, b] = [await newDatabase('a'), await newDatabase('b')];
    await take(a, { reads: [read(JUNE, 1_234_567)], sizes: [{ at: JUNE, bytes: 7_777_777_777 }] });
    await take(b, { reads: [read(JUNE, 2_345_678)], sizes: [{ at: JUNE, bytes: 9_999_999_999 }] });
    const among = (await allOf({ group: 'database' })).filter(({ group }) => group === a);
    const alone = await allOf({ databaseId: a });
    expect(alone).toHaveLength(30);
    for (const [i, { from, cost }] of alone.entries()) {
      expect(from).toEqual(among[i]?.from);
      for (const meter of METERS) {
        const apart = Number(cost[meter] - (among[i]?.cost[meter] ?? 0n));
        expect(Math.abs(apart)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('stays what it was reckoned as where usage comes in meanwhile', async () => {
    await give('pro', JUNE - DAY_MS);
    const [a, b] = [await newDatabase('a'), await newDatabase('b')];
    await take(a, { reads: [read(JUNE, 2_000_000)] });
    const reckoning = reckon();
    const before = await allOf({}, reckoning);
    await take(b, { reads: [read(JUNE, 6_000_000)] });
    const rows = await allOf({ group: 'database' }, reckoning);
    expect(rows.map(({ cost }) => totalMicros(cost)).reduce((sum, one) => sum + one)).toBe(
      before.map(({ cost }) => totalMicros(cost)).reduce((sum, one) => sum + one),
    );
    expect(await allOf({})).not.toEqual(before);
  });

  it('is nothing before billing began, before there was an organization, and of nobody else', async () => {
    await give('pro', JUNE - DAY_MS);
    await take(await newDatabase('a'), { reads: [read(JUNE, 9_000_000)] });
    expect((await reckon(JUNE - DAY_MS)).cost.lines).toEqual([]);
    const [, first] = [mine, await newOrganization(JULY + DAY_MS)];
    mine = first;
    expect((await reckon()).cost.lines).toEqual([]);
    expect(await allOf({ group: 'database' })).toEqual([]);
    mine = 'missing';
    expect((await reckon()).cost.lines).toEqual([]);
  });
});
