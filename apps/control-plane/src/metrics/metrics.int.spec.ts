import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { latencyBucket, MINUTE_MS } from '@leasehold/metering';
import { TrafficLedger } from '@leasehold/usage-ledger';

import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 60 * MINUTE_MS;

describe('the metrics of a database', () => {
  let service: TestService;
  let tenant: Tenant;
  let database: DatabaseId;
  /** A past hour, whole. */
  let begin: number;

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    const json = { name: 'main' };
    const created = await service.call('POST', '/v1/databases', { token: tenant.token, json });
    database = String(created.body['id']) as DatabaseId;
    begin = Math.floor(Date.now() / HOUR_MS - 3) * HOUR_MS;
    const ledger = new TrafficLedger(service.databaseUrl);
    const minuteAt = (
      n: number,
      more: { errors: number; coldStarts: number; open: number; fast: number; slow: number },
    ) => ({
      ...{ database, minute: begin / MINUTE_MS + n, requests: more.fast + more.slow },
      ...{ errors: more.errors, coldStarts: more.coldStarts, coldPhases: more.open > 0 ? { open: more.open } : {} },
      latency: new Map([
        [latencyBucket(2), more.fast],
        [latencyBucket(900), more.slow],
      ]),
    });
    await ledger.take({
      session: '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId,
      ...{ number: 1, from: begin, to: begin + 2 * MINUTE_MS, others: 0 },
      minutes: [
        minuteAt(0, { errors: 1, coldStarts: 2, open: 60_000, fast: 98, slow: 2 }),
        minuteAt(1, { errors: 0, coldStarts: 0, open: 0, fast: 10, slow: 0 }),
        minuteAt(61, { errors: 0, coldStarts: 1, open: 30_000, fast: 0, slow: 1 }),
      ],
    });
    await ledger.passed(begin + HOUR_MS);
    await ledger.close();
  });
  afterAll(() => service.close());

  const at = (ms: number) => new Date(ms).toISOString();
  const ask = (query: string, { token = tenant.token, name = 'main' } = {}) =>
    service.call('GET', `/v1/databases/${name}/metrics?${query}`, { token });
  const TIME = () => `from=${at(begin)}&to=${at(begin + 2 * HOUR_MS)}`;

  it('are told by minutes, with how far they are complete', async () => {
    const { status, body } = await ask(TIME());
    expect([status, body]).toEqual([
      200,
      {
        ...{ database, from: at(begin), to: at(begin + 2 * HOUR_MS), step: 'minute', completeTo: at(begin + HOUR_MS) },
        metrics: [
          {
            ...{ from: at(begin), requests: 100, errors: 1, coldStarts: 2, coldPhasesMs: { open: 30 } },
            ...{ p50Ms: 2, p99Ms: expect.closeTo(939, 0) },
          },
          { from: at(begin + MINUTE_MS), requests: 10, errors: 0, p50Ms: 2, p99Ms: 2, coldStarts: 0, coldPhasesMs: {} },
          {
            ...{ from: at(begin + 61 * MINUTE_MS), requests: 1, errors: 0, coldStarts: 1, coldPhasesMs: { open: 30 } },
            ...{ p50Ms: expect.closeTo(939, 0), p99Ms: expect.closeTo(939, 0) },
          },
        ],
      },
    ]);
  });

  it('are the same merged by hours and by days', async () => {
    const hours = (await ask(`${TIME()}&step=hour`)).body['metrics'];
    expect(hours).toMatchObject([
      { from: at(begin), requests: 110, coldStarts: 2, p50Ms: 2 },
      { from: at(begin + HOUR_MS), requests: 1, coldStarts: 1 },
    ]);
    const { body } = await ask('step=day');
    const days = body['metrics'] as { requests: number; coldStarts: number }[];
    expect(days.reduce((sum, { requests }) => sum + requests, 0)).toBe(111);
    expect(days.reduce((sum, { coldStarts }) => sum + coldStarts, 0)).toBe(3);
  });

  it('are of the last hour where nothing is said, and of no other database', async () => {
    const { status, body } = await ask('');
    expect([status, body['metrics'], body['step']]).toEqual([200, [], 'minute']);
    await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'other' } });
    expect((await ask(TIME(), { name: 'other' })).body['metrics']).toEqual([]);
  });

  it('are none of a time that is far away', async () => {
    for (const year of ['0000', '9999']) {
      const { status, body } = await ask(`from=${year}-01-01T00:00Z&to=${year}-01-01T01:00Z`);
      expect([year, status, body['metrics']]).toEqual([year, 200, []]);
    }
  });

  it.each([
    'step=month',
    'step=',
    'from=2026-06-01',
    'from=2026-06-01T00:00:30Z',
    'from=2026-02-30T00:00Z',
    'step=hour&from=2026-06-01T00:30Z',
    'from=2026-06-03T00:00Z&to=2026-06-03T00:00Z',
    'from=2026-06-01T00:00Z&to=2026-06-02T00:01Z',
    'nonsense=1',
    'from=%ff',
    'limit=5',
  ])('are refused with %s', async (query) => {
    const { status, body } = await ask(query);
    expect([query, status, body['code']]).toEqual([query, 400, 'invalid-parameter']);
  });

  it('are for keys that may see this database, and for nobody else', async () => {
    const { key: confined } = await service.createKey(tenant, ['usage:read'], { databases: ['else-*'] });
    expect((await ask(TIME(), { token: confined })).status).toBe(404);
    const { key } = await service.createKey(tenant, ['usage:read'], { databases: ['ma*'] });
    expect((await ask(TIME(), { token: key })).status).toBe(200);
    const other = await service.signUp();
    for (const name of ['main', database]) {
      expect((await ask(TIME(), { token: other.token, name })).body['code']).toBe('database-not-found');
    }
  });
});
