import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { UsageLedger } from '@leasehold/usage-ledger';

import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const [JUNE, JULY] = [Date.UTC(2026, 5), Date.UTC(2026, 6)] as const;
const KEY = '01jd000000000000000000000k';
const MONTH = 'month=2026-06';

interface Row {
  readonly from: string;
  readonly database?: string;
  readonly costMicros: Readonly<Record<string, string>>;
}

describe('the costs of an organization', () => {
  let service: TestService;
  let tenant: Tenant;
  let main: DatabaseId;
  let gone: DatabaseId;
  let records = 0;
  let take: (database: DatabaseId, hour: number, readUnits: number) => Promise<void>;
  let ledger: UsageLedger;

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    const { organizationId } = tenant;
    const { prisma, plans } = service.metadata;
    await prisma.billingStart.updateMany({ data: { firstPeriod: new Date(JUNE) } });
    await prisma.organization.update({ where: { id: organizationId }, data: { createdAt: new Date(JUNE) } });
    await plans.put('pro', 'Pro', {});
    const price = (amount: string, included = '0') => ({ amount, per: '1000000', included });
    const prices = {
      ...{ readUnits: price('40', '1000000'), writeUnits: price('200'), egressBytes: price('0') },
      storedByteMs: { amount: '1', per: '3600000000000000', included: '0' },
    };
    const version = { version: 1, effectiveFrom: new Date(0), currency: 'USD', fee: 2_000n, minimum: 2_600n, prices };
    await prisma.planVersion.create({ data: { planId: 'pro', ...version } });
    await prisma.organizationPlan.create({ data: { organizationId, planId: 'pro', since: new Date(JUNE) } });
    const create = async (name: string) => {
      const json = { name, labels: { team: '=red' } };
      const created = await service.call('POST', '/v1/databases', { token: tenant.token, json });
      return String(created.body['id']) as DatabaseId;
    };
    [main, gone] = [await create('main'), await create('gone')];
    ledger = new UsageLedger(service.databaseUrl);
    take = (database, hour, readUnits) =>
      ledger
        .take({
          session: `01jd${String(++records).padStart(22, '0')}` as SessionId,
          ...{ number: 1, from: JUNE, to: JUNE + HOUR_MS },
          databases: [
            {
              ...{ database, writes: [], sizes: [] },
              reads: [{ hour: JUNE / HOUR_MS + hour, key: KEY, requests: 2, readUnits, egressBytes: 700 }],
            },
          ],
        })
        .then(() => undefined);
    await take(main, 0, 6_000_000);
    await take(main, 30, 1_000_001);
    await take(gone, 0, 3_999_999);
    await ledger.passed(JULY + 48 * HOUR_MS);
    await service.metadata.databases.delete(organizationId, gone);
    // As once its window has ended.
    await prisma.database.delete({ where: { id: gone } });
  });
  afterAll(async () => {
    await ledger.close();
    await service.close();
  });

  const ask = (query: string, token = tenant.token) => service.call('GET', `/v1/costs?${query}`, { token });
  const rowsOf = async (query: string) => (await ask(query)).body['costs'] as readonly Row[];
  const totalOf = (rows: readonly Row[]) =>
    rows.reduce((sum, { costMicros }) => sum + BigInt(costMicros['total'] ?? ''), 0n);

  it('are told by days, with what the month comes to', async () => {
    const { status, body } = await ask(MONTH);
    expect([status, body]).toEqual([
      200,
      {
        ...{ month: '2026-06', step: 'day', currency: 'USD', cursor: null, reckonedAt: expect.any(String) },
        completeTo: '2026-07-03T00:00:00.000Z',
        amounts: {
          ...{
            writeUnits: 0,
            readUnits: 400,
            egressBytes: 0,
            storedGbHours: 0,
            fee: 2_000,
            minimum: 200,
            total: 2_600,
          },
        },
        costs: [
          {
            from: '2026-06-01T00:00:00.000Z',
            costMicros: { ...NOTHING, readUnits: '363636327', total: '363636327' },
          },
          {
            from: '2026-06-02T00:00:00.000Z',
            costMicros: { ...NOTHING, readUnits: '36363673', total: '36363673' },
          },
        ],
      },
    ]);
  });

  it('come to what the draft of the invoice says, however they are told', async () => {
    const draft = (await service.call('GET', '/v1/invoices/2026-06', { token: tenant.token })).body;
    const lines = (await service.call('GET', '/v1/invoices/2026-06/lines', { token: tenant.token })).body['lines'];
    const metered = (lines as { kind: string; amount: number }[]).filter(({ kind }) => kind === 'meter');
    const amount = metered.reduce((sum, line) => sum + line.amount, 0);
    for (const step of ['hour', 'day', 'month']) {
      for (const group of ['', '&group=database', '&group=key', '&group=label:team']) {
        const rows = await rowsOf(`${MONTH}&step=${step}${group}`);
        expect([step, group, totalOf(rows)]).toEqual([step, group, BigInt(amount) * 1_000_000n]);
      }
    }
    expect((await ask(MONTH)).body['amounts']).toMatchObject({ total: draft['total'] });
  });

  it('name databases that are purged, and have their labels no more', async () => {
    const rows = await rowsOf(`${MONTH}&step=month&group=database`);
    expect(rows).toHaveLength(2);
    expect(rows.find(({ database }) => database === gone)).toMatchObject({
      name: 'gone',
      deletedAt: expect.any(String),
    });
    expect(rows.find(({ database }) => database === main)).toMatchObject({ name: 'main', deletedAt: null });
    const byLabel = await rowsOf(`${MONTH}&step=month&group=label:team`);
    expect(byLabel).toMatchObject([{ label: null }, { label: '=red' }]);
  });

  it('are of one database, by its name or id, and of one meter', async () => {
    for (const name of ['main', main]) {
      const rows = await rowsOf(`${MONTH}&database=${name}&meter=readUnits`);
      expect(rows.map(({ costMicros }) => Object.keys(costMicros))[0]).toEqual(['readUnits']);
    }
    expect(await rowsOf(`${MONTH}&meter=writeUnits`)).toEqual([]);
    expect((await ask(`${MONTH}&database=missing`)).body['code']).toBe('database-not-found');
  });

  it('are given out as CSV, with fees and minimums, whose total is that of the invoice', async () => {
    const { status, headers, text } = await ask(`${MONTH}&step=month&group=label:team&format=csv&limit=1`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    expect([headers.get('leasehold-currency'), headers.get('leasehold-complete-to')]).toEqual([
      'USD',
      '2026-07-03T00:00:00.000Z',
    ]);
    const lines = text.trimEnd().split('\r\n');
    expect(lines[0]).toBe(
      'kind,from,label,writeUnitsMicros,readUnitsMicros,egressBytesMicros,storedGbHoursMicros,totalMicros',
    );
    expect(lines[2]).toMatch(/^usage,2026-06-01T00:00:00.000Z,'=red,0,\d+,0,0,\d+$/);
    expect(lines.at(-1)).toMatch(/^fee,2026-06-01T00:00:00.000Z,,0,0,0,0,2000000000$|^minimum,/);
    const draft = (await service.call('GET', '/v1/invoices/2026-06', { token: tenant.token })).body;
    const total = lines.slice(1).reduce((sum, line) => sum + BigInt(line.split(',').at(-1) ?? ''), 0n);
    expect(total).toBe(BigInt(Number(draft['total'])) * 1_000_000n);
    const byDatabase = (await ask(`${MONTH}&step=month&group=database&meter=readUnits&format=csv`)).text.split('\r\n');
    expect(byDatabase[0]).toBe('kind,from,database,name,readUnitsMicros');
    expect(byDatabase).toHaveLength(4);
  });

  it('are of this month where nothing is said', async () => {
    const { status, body } = await ask('');
    expect([status, body['month']]).toEqual([200, new Date().toISOString().slice(0, 7)]);
    expect(body['amounts']).toMatchObject({ fee: 2_000 });
  });

  it('are nothing before billing began', async () => {
    const { body } = await ask('month=2026-05');
    expect([body['costs'], body['amounts']]).toMatchObject([[], { total: 0 }]);
  });

  it.each([
    'month=2026-13',
    'month=2026-6',
    'month=2999-01',
    'month=0000-01',
    'step=week',
    'group=label',
    'group=label:A',
    'meter=freeReadUnits',
    'meter=storedByteMs',
    'format=xml',
    'limit=0',
    'limit=1001',
    'cursor=YQ',
    'cursor=x',
    // A place of usage, without when it was reckoned; and a time that is none.
    'cursor=MjAyNi0wNi0wMVQwMDowMDowMC4wMDBa',
    'cursor=MSAyMDI2LTk5LTAxVDAwOjAwOjAwLjAwMFo',
    'group=database&cursor=MSAyMDI2LTA2LTAxVDAwOjAwOjAwLjAwMFogeHl6',
    'from=2026-06-01T00:00Z',
    'nonsense=1',
    'month=%ff',
    'database=',
  ])('refuse %s', async (query) => {
    const { status, body } = await ask(query);
    expect([query, status >= 400 && status < 500, typeof body['code']]).toEqual([query, true, 'string']);
  });

  it('take a cursor of any time as where to go on', async () => {
    const behind = Buffer.from(`1 ${new Date(JULY).toISOString()}`).toString('base64url');
    expect((await ask(`${MONTH}&cursor=${behind}`)).body['costs']).toEqual([]);
    const before = Buffer.from('1 1970-01-01T00:00:00.000Z').toString('base64url');
    expect((await ask(`${MONTH}&cursor=${before}`)).body['costs']).toMatchObject([
      { from: '2026-06-01T00:00:00.000Z' },
      {},
    ]);
  });

  it('are nothing to keys of some databases only', async () => {
    const confined = await service.createKey(tenant, ['usage:read'], { databases: ['main'] });
    expect((await ask(MONTH, confined.key)).status).toBe(403);
    const { key } = await service.createKey(tenant, ['usage:read']);
    expect((await ask(MONTH, key)).status).toBe(200);
  });

  it('show nothing of another organization', async () => {
    const other = await service.signUp();
    expect((await ask(`${MONTH}&group=database`, other.token)).body['costs']).toEqual([]);
    expect((await ask(`${MONTH}&database=${main}`, other.token)).status).toBe(404);
  });

  it('go on page by page by the same reckoning', async () => {
    const query = `${MONTH}&step=hour&group=database&limit=1`;
    const first = (await ask(query)).body;
    await take(main, 200, 5_000_000);
    const rows = [...(first['costs'] as Row[])];
    let { cursor } = first;
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const { body } = await ask(`${query}&cursor=${String(cursor)}`);
      expect(body['reckonedAt']).toBe(first['reckonedAt']);
      rows.push(...(body['costs'] as Row[]));
      cursor = body['cursor'];
    }
    // What came in meanwhile has no part of it.
    expect(totalOf(rows)).toBe(400n * 1_000_000n);
    expect(totalOf(rows.filter(({ from }) => from.startsWith('2026-06-09')))).toBe(0n);
  });
});

const NOTHING = { writeUnits: '0', readUnits: '0', egressBytes: '0', storedGbHours: '0' };
