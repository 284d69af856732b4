import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { UsageLedger } from '@leasehold/usage-ledger';

import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 5, 1);
const KEY = '01jd000000000000000000000k';

describe('the usage of an organization', () => {
  let service: TestService;
  let tenant: Tenant;
  let database: DatabaseId;

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    const json = { name: 'main' };
    const created = await service.call('POST', '/v1/databases', { token: tenant.token, json });
    database = String(created.body['id']) as DatabaseId;
    const ledger = new UsageLedger(service.databaseUrl);
    const hour = START / HOUR_MS;
    await ledger.take({
      session: '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId,
      number: 1,
      from: START,
      to: START + HOUR_MS,
      databases: [
        {
          database,
          writes: [
            { hour, from: { commits: 0, writeUnits: 0 }, to: { commits: 2, writeUnits: 3 } },
            { hour: hour + 24, from: { commits: 2, writeUnits: 3 }, to: { commits: 3, writeUnits: 4 } },
          ],
          reads: [
            { hour, key: KEY, requests: 2, readUnits: 5, egressBytes: 700 },
            { hour, key: null, requests: 1, readUnits: 9, egressBytes: 100 },
          ],
          sizes: [{ at: START, bytes: 500_000_000 }],
        },
      ],
    });
    await ledger.passed(START + 2 * HOUR_MS);
    await ledger.close();
  });
  afterAll(() => service.close());

  const ask = (query: string, token = tenant.token) => service.call('GET', `/v1/usage?${query}`, { token });
  const TWO_DAYS = 'from=2026-06-01T00:00Z&to=2026-06-03T00:00Z';

  it('is told by days, with how far it is complete', async () => {
    const { status, body } = await ask(TWO_DAYS);
    expect([status, body]).toEqual([
      200,
      {
        from: '2026-06-01T00:00:00.000Z',
        to: '2026-06-03T00:00:00.000Z',
        step: 'day',
        completeTo: '2026-06-01T02:00:00.000Z',
        cursor: null,
        usage: [
          {
            from: '2026-06-01T00:00:00.000Z',
            writeUnits: 3,
            readUnits: 5,
            egressBytes: 700,
            storedGbHours: 12,
            requests: 2,
            commits: 2,
            freeReadUnits: 9,
          },
          {
            from: '2026-06-02T00:00:00.000Z',
            writeUnits: 1,
            readUnits: 0,
            egressBytes: 0,
            storedGbHours: 12,
            requests: 0,
            commits: 1,
            freeReadUnits: 0,
          },
        ],
      },
    ]);
  });

  it('is told by databases and by keys, page by page', async () => {
    const byDatabase = await ask(`${TWO_DAYS}&group=database&step=month`);
    expect(byDatabase.body['usage']).toMatchObject([{ database, writeUnits: 4, readUnits: 5 }]);
    const first = await ask(`${TWO_DAYS}&group=key&limit=1`);
    expect(first.body['usage']).toMatchObject([{ key: null, writeUnits: 3, freeReadUnits: 9 }]);
    const second = await ask(`${TWO_DAYS}&group=key&limit=1&cursor=${String(first.body['cursor'])}`);
    expect(second.body['usage']).toMatchObject([{ key: KEY, readUnits: 5, writeUnits: 0 }]);
    for (const name of ['main', database]) {
      expect((await ask(`${TWO_DAYS}&database=${name}`)).body['usage']).toHaveLength(2);
    }
    expect((await ask(`${TWO_DAYS}&database=missing`)).body['code']).toBe('database-not-found');
  });

  it('is told by the values of a label, and by one meter', async () => {
    const set = await service.call('PATCH', `/v1/databases/${database}`, {
      token: tenant.token,
      json: { labels: { customer: '=cmd,"x"' } },
    });
    expect(set.status).toBe(200);
    const byLabel = await ask(`${TWO_DAYS}&group=label:customer&step=month`);
    expect(byLabel.body['usage']).toMatchObject([{ label: '=cmd,"x"', writeUnits: 4, readUnits: 5 }]);
    const stored = await ask(`${TWO_DAYS}&group=label:missing&step=month&meter=storedGbHours`);
    expect(stored.body['usage']).toEqual([{ from: '2026-06-01T00:00:00.000Z', label: null, storedGbHours: 24 }]);
  });

  it('is given out as CSV, all of it, which no spreadsheet runs', async () => {
    const { status, headers, text } = await ask(`${TWO_DAYS}&group=label:customer&format=csv&limit=1`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    expect(headers.get('leasehold-complete-to')).toBe('2026-06-01T02:00:00.000Z');
    expect(text.split('\r\n')).toEqual([
      'from,label,writeUnits,readUnits,egressBytes,storedGbHours,requests,commits,freeReadUnits',
      `2026-06-01T00:00:00.000Z,"'=cmd,""x""",3,5,700,12,2,2,9`,
      `2026-06-02T00:00:00.000Z,"'=cmd,""x""",1,0,0,12,0,1,0`,
      '',
    ]);
    const accepting = async (accept: string) =>
      (
        await service.call('GET', `/v1/usage?${TWO_DAYS}&meter=egressBytes`, {
          token: tenant.token,
          headers: { accept },
        })
      ).text;
    expect(await accepting('text/csv')).toBe('from,egressBytes\r\n2026-06-01T00:00:00.000Z,700\r\n');
    expect(await accepting('text/html, */*')).toContain('"usage":[');
  });

  it('is of this month where nothing is said', async () => {
    const { status, body } = await ask('');
    expect([status, body['step']]).toEqual([200, 'day']);
    expect(String(body['from'])).toMatch(/-01T00:00:00.000Z$/);
    expect(Date.parse(String(body['to']))).toBeGreaterThan(Date.now());
  });

  it.each([
    'step=week',
    'group=label',
    'group=label:',
    'group=label:A',
    'meter=cents',
    'format=xml',
    'group=database&cursor=MjAyNi0wNi0wMVQwMDowMDowMC4wMDBaIHh5eg',
    'from=2026-06-01',
    'from=2026-06-01T00:30Z',
    'from=2026-02-30T00:00Z',
    'from=2026-06-01T00:00%2B01:00',
    'from=2026-06-03T00:00Z&to=2026-06-03T00:00Z',
    'from=2026-01-01T00:00Z&to=2026-03-01T00:00Z&step=hour',
    'limit=0',
    'cursor=YQ',
    'cursor=x',
    'nonsense=1',
    'from=%ff',
    'database=',
  ])('refuses %s', async (query) => {
    const { status, body } = await ask(query);
    expect([query, status >= 400 && status < 500, typeof body['code']]).toEqual([query, true, 'string']);
  });

  it('is nothing to keys of some databases only', async () => {
    const confined = await service.createKey(tenant, ['usage:read'], { databases: ['main'] });
    expect((await ask(TWO_DAYS, confined.key)).status).toBe(403);
    const { key } = await service.createKey(tenant, ['usage:read']);
    expect((await ask(TWO_DAYS, key)).status).toBe(200);
  });

  it('shows nothing of another organization', async () => {
    const other = await service.signUp();
    expect((await ask(TWO_DAYS, other.token)).body['usage']).toEqual([]);
    expect((await ask(`${TWO_DAYS}&database=${database}`, other.token)).status).toBe(404);
  });
});
