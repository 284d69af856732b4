import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { monthBefore, monthOf } from '@leasehold/billing';
import { systemClock, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { UsageLedger } from '@leasehold/usage-ledger';

import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
/** Over, so that what is stored in it does not grow. */
const { from: FROM, to: TO } = monthBefore(systemClock.now());
const MONTH = new Date(FROM).toISOString().slice(0, 7);
const KEY = '01jd000000000000000000000k';
const TERABYTE = 1_000_000_000_000;
const PRICES = {
  ...{ putsMillion: 500, getsMillion: 40, storedTerabyteMonth: 2_300, egressTerabyte: 9_000 },
  ...{ putsPerMillionCommits: 200_000, getsPerMillionReads: 250_000, sharedMonth: 10_000 },
};
/** 600,000 PUTs for commits, 250,000 GETs for reads, and a PUT with two GETs for each opened database. */
const REQUESTS_MICROS = 300_000_000 + 10_000_000 + 580_000_000;
const STORAGE_MICROS = Math.round((2_300_000_000 * ((TO - FROM) / HOUR_MS)) / 730);
const EGRESS_MICROS = 18_000_000_000;
const SHARED_MICROS = 10_000_000_000;

interface Row {
  readonly organizationId: string;
  readonly margin: number;
  readonly revenue: number;
  readonly cost: number;
}

describe('what tenants cost', () => {
  let service: TestService;
  let operator: string;
  let busy: Tenant;
  let idle: Tenant;

  const get = (path: string, token = operator) => service.call('GET', `/v1/admin/${path}`, { token });
  const price = (json: object) => service.call('PUT', `/v1/admin/provider-prices/${MONTH}`, { token: operator, json });
  const rows = async (query = '') => (await get(`costs?month=${MONTH}${query}`)).body['costs'] as Row[];
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await systemClock.sleep(100);
  };

  beforeAll(async () => {
    service = await TestService.start({ COSTS_REFRESH_MS: '1000' });
    const { metadata } = service;
    const { prisma } = metadata;
    [busy, idle] = [await service.signUp(), await service.signUp()];
    const admin = await service.signUp();
    await prisma.user.updateMany({ where: { email: admin.email }, data: { role: 'admin' } });
    operator = admin.token;
    await prisma.billingStart.updateMany({ data: { firstPeriod: new Date(FROM) } });
    const free = { amount: '0', per: '1', included: '0' };
    const prices = { readUnits: free, writeUnits: free, storedByteMs: free, egressBytes: free };
    for (const [tenant, planId, fee] of [
      [busy, 'large', 2_000n],
      [idle, 'small', 500n],
    ] as const) {
      await metadata.plans.put(planId, planId, {});
      const version = { planId, version: 1, effectiveFrom: new Date(0), currency: 'USD', fee, minimum: 0n, prices };
      await prisma.planVersion.create({ data: version });
      const { organizationId } = tenant;
      await prisma.organizationPlan.create({ data: { organizationId, planId, since: new Date(FROM) } });
    }
    const created = await service.call('POST', '/v1/databases', { token: busy.token, json: { name: 'main' } });
    const database = String(created.body['id']) as DatabaseId;
    const ledger = new UsageLedger(service.databaseUrl);
    const hour = FROM / HOUR_MS + 5;
    const commits = 3_000_000;
    await ledger.take({
      ...{ session: '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId, number: 1, from: FROM, to: FROM + HOUR_MS },
      databases: [
        {
          database,
          writes: [{ hour, from: { commits: 0, writeUnits: 0 }, to: { commits, writeUnits: commits } }],
          reads: [
            { hour, key: KEY, requests: 900_000, readUnits: 900_000, egressBytes: TERABYTE },
            { hour, key: null, requests: 100_000, readUnits: 100_000, egressBytes: TERABYTE },
          ],
          sizes: [{ at: FROM, bytes: TERABYTE }],
        },
      ],
    });
    await ledger.passed(TO + 48 * HOUR_MS);
    await ledger.close();
    const starts = { requests: 1n, errors: 0n, coldStarts: 1_000_000n, coldPhases: {}, latency: [] };
    await prisma.traffic.create({ data: { databaseId: database, span: 60, minute: hour * 60, ...starts } });
    // From now on they have had that month, and everything is there to be added up.
    const ids = [busy, idle].map(({ organizationId }) => organizationId);
    await prisma.organization.updateMany({ where: { id: { in: ids } }, data: { createdAt: new Date(FROM) } });
    await until(async () => (await rows()).length === 2);
    // Whoever was added up in the second before a first page comes again in the end.
    await systemClock.sleep(1_100);
  });
  afterAll(() => service.close());

  it('is told without cost and margin until an operator has said what the provider asks', async () => {
    const { body } = await get(`costs?month=${MONTH}`);
    expect(body).toMatchObject({
      ...{ month: MONTH, currency: 'USD', prices: null, cursor: null },
      totals: { organizations: 2, revenue: 2_500, costMicros: null, cost: null, margin: null },
    });
    expect((await get('provider-prices')).body).toEqual({ currency: 'USD', prices: [] });
  });

  it('is priced by what the provider asks in that month', async () => {
    const put = await service.call('PUT', `/v1/admin/provider-prices/${MONTH}`, { token: operator, json: PRICES });
    expect(put.body).toMatchObject({ since: MONTH, ...PRICES });
    const later = new Date(monthOf(systemClock.now()).from).toISOString().slice(0, 7);
    // What reads come to stays as it was where nothing is said of it.
    const dearer = { ...PRICES, putsMillion: 999, getsPerMillionReads: undefined };
    const putLater = await service.call('PUT', `/v1/admin/provider-prices/${later}`, { token: operator, json: dearer });
    expect(putLater.body).toMatchObject({ getsPerMillionReads: 250_000 });
    const listed = (await get('provider-prices')).body['prices'] as { since: string; putsMillion: number }[];
    expect(listed.map(({ since, putsMillion }) => [since, putsMillion])).toEqual([
      [later, 999],
      [MONTH, 500],
    ]);
    const { body } = await get(`costs?month=${MONTH}`);
    const totalMicros = REQUESTS_MICROS + STORAGE_MICROS + EGRESS_MICROS + SHARED_MICROS;
    const cost = Math.round(totalMicros / 1_000_000);
    const costMicros = {
      ...{ requests: REQUESTS_MICROS, storage: STORAGE_MICROS, egress: EGRESS_MICROS, shared: SHARED_MICROS },
      total: totalMicros,
    };
    expect(body['prices']).toMatchObject({ since: MONTH, putsMillion: 500 });
    expect(body['costs']).toEqual([
      {
        ...{ organizationId: busy.organizationId, name: 'Tenant 1', computedAt: expect.any(String), billed: 'draft' },
        usage: {
          ...{ commits: 3_000_000, requests: 1_000_000, coldStarts: 1_000_000, egressBytes: 2 * TERABYTE },
          storedGbHours: 1_000 * ((TO - FROM) / HOUR_MS),
        },
        ...{ revenue: 2_000, costMicros, cost, margin: 2_000 - cost },
      },
      expect.objectContaining({ organizationId: idle.organizationId, revenue: 500, cost: 0, margin: 500 }),
    ]);
    expect(body['totals']).toEqual({ organizations: 2, revenue: 2_500, costMicros, cost, margin: 2_500 - cost });
  });

  it('is told at the highest prices too, though it is more than a double tells exactly', async () => {
    const [most, mostOften] = [1_000_000_000_000, 1_000_000_000];
    const highest = {
      ...{ putsMillion: most, getsMillion: most, storedTerabyteMonth: most, egressTerabyte: most, sharedMonth: most },
      ...{ putsPerMillionCommits: mostOften, getsPerMillionReads: mostOften },
    };
    expect((await price(highest)).body).toMatchObject(highest);
    const { status, body } = await get(`costs?month=${MONTH}`);
    expect(status).toBe(200);
    // Three million commits are a thousand PUTs each, a million reads a thousand GETs, and a million opened databases three requests.
    const requests = (3_000_000_000 + 1_000_000_000 + 3_000_000) * 1_000_000_000_000;
    const [first] = body['costs'] as { costMicros: Record<string, number>; cost: number; margin: number }[];
    expect(first?.costMicros['requests']).toBeCloseTo(requests, -12);
    expect(first?.costMicros['shared']).toBe(1_000_000_000_000_000_000);
    expect(first?.cost).toBeGreaterThan(Number.MAX_SAFE_INTEGER / 10);
    expect(first?.margin).toBe(2_000 - Number(first?.cost));
    expect((await get(`costs?month=${MONTH}&format=csv`)).status).toBe(200);
    for (const name of Object.keys(highest)) {
      const beyond = { ...highest, [name]: highest[name as keyof typeof highest] + 1 };
      expect([name, (await price(beyond)).body['code']]).toEqual([name, 'invalid-body']);
    }
    expect((await price(PRICES)).status).toBe(200);
  });

  it('comes by margin, by cost or by revenue, page by page', async () => {
    const order = async (sort: string) => {
      const found: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const { body } = await get(`costs?month=${MONTH}&sort=${sort}&limit=1${more}`);
        found.push(...(body['costs'] as Row[]).map((row) => (row.organizationId === busy.organizationId ? 'b' : 'i')));
        cursor = body['cursor'] as string | null;
      }
      return [sort, found.join('')];
    };
    const orders = async () => [await order('margin'), await order('cost'), await order('revenue')].map(String);
    expect(await orders()).toEqual(['margin,bi', 'cost,bi', 'revenue,bi']);
    // Who costs most is not he by whom least is earned, where that is little.
    await price({ ...PRICES, putsMillion: 1, storedTerabyteMonth: 1, egressTerabyte: 1, sharedMonth: 1 });
    expect(await orders()).toEqual(['margin,ib', 'cost,bi', 'revenue,bi']);
    expect((await price(PRICES)).status).toBe(200);
  });

  it('is one table as CSV', async () => {
    const { text, headers } = await get(`costs?month=${MONTH}&format=csv`);
    expect(headers.get('content-disposition')).toContain(`costs-${MONTH}.csv`);
    const lines = text.trimEnd().split('\r\n');
    expect(lines[0]).toContain('organizationId,name,computedAt,billed,revenue,cost,margin,requestsMicros');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual([busy.organizationId, idle.organizationId]);
    expect(lines[1]).toContain(`,${REQUESTS_MICROS},${STORAGE_MICROS},${EGRESS_MICROS},${SHARED_MICROS},`);
  });

  it('goes by the invoice once it is issued, less what is credited of it, and by nothing where it is void', async () => {
    const { invoices } = service.metadata;
    const terms = { now: TO + 72 * HOUR_MS, marginMs: 24 * HOUR_MS };
    const issue = async ({ organizationId }: Tenant) => {
      const done = await invoices.finalize(organizationId, FROM, terms);
      return 'invoiceId' in done ? done.invoiceId : '';
    };
    await invoices.credit(await issue(busy), 100n, 'an outage');
    await invoices.void(await issue(idle), 'a mistake');
    expect(
      (await rows()).map(({ revenue, ...row }) => [(row as unknown as { billed: string }).billed, revenue]),
    ).toEqual([
      ['finalized', 1_900],
      ['void', 0],
    ]);
    const listed = async (query: string) =>
      ((await get(`invoices${query}`)).body['invoices'] as { organizationId: string; state: string }[]).map(
        ({ organizationId, state }) => [organizationId, state],
      );
    expect(await listed('')).toEqual([
      [idle.organizationId, 'void'],
      [busy.organizationId, 'finalized'],
    ]);
    expect(await listed('?state=finalized')).toEqual([[busy.organizationId, 'finalized']]);
    expect(await listed(`?tenant=${idle.organizationId}`)).toEqual([[idle.organizationId, 'void']]);
    expect((await get('invoices?state=draft')).status).toBe(400);
  });

  it('is added up of the month that runs too', async () => {
    await until(async () => ((await get('costs')).body['costs'] as Row[]).length >= 3);
  });

  it('is for no month that is none', async () => {
    for (const month of ['2026-13', 'now', '2026-1']) {
      expect((await get(`costs?month=${month}`)).status).toBe(400);
      const put = await service.call('PUT', `/v1/admin/provider-prices/${month}`, { token: operator, json: PRICES });
      expect(put.status).toBe(404);
    }
  });
});
