import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseVersion } from '@leasehold/foundation';
import { Metadata } from '@leasehold/metadata';
import { parseCost } from '@leasehold/protocol';

import { call, Database, expectStatus, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { Frozen } from './src/frozen.js';
import { Leasehold } from './src/leasehold.js';

/** 100,000 for what is promised; fewer show the same. */
const REQUESTS = Number(process.env['USAGE_REQUESTS'] ?? 2_000);
const CLIENTS = 8;
/** Records and roll-ups come every second here; a compactor that is killed may hold its job for a minute. */
const TOLD_WITHIN_MS = 150_000;
const OUTAGES_MS = 16_000;
/** What a gateway that is killed has not recorded yet: its interval, and as much again for a busy machine. */
const UNRECORDED_MS = 3_000;

type Meters = Readonly<Record<(typeof METERS)[number], number>>;
const METERS = ['writeUnits', 'readUnits', 'egressBytes'] as const;

/** What answers said that they cost. */
class Told {
  writeUnits = 0;
  readUnits = 0;
  egressBytes = 0;
  answers = 0;

  take(method: string, answer: Answer): Answer {
    const { readUnits, writeUnits } = parseCost(answer.headers.get('leasehold-cost') ?? undefined);
    this.answers++;
    this.readUnits += readUnits;
    this.writeUnits += writeUnits;
    if (readUnits > 0 && answer.status < 400 && method !== 'HEAD') this.egressBytes += answer.body.byteLength;
    return answer;
  }
}

describe('what is billed', () => {
  let leasehold: Leasehold;
  /** Whose requests were counted. */
  let counted: Tenant;

  beforeAll(async () => {
    const environment = {
      ...{ USAGE_INTERVAL_MS: '1000', ROLL_UP_INTERVAL_MS: '1000', SESSION_TTL_MS: '2000' },
      // Nobody is to be held up here, however many requests it is.
      ...{ TENANT_REQUESTS_PER_SECOND: '1000000', TENANT_BYTES_PER_SECOND: '10000000000' },
    };
    leasehold = await Leasehold.up({ workers: 2, gateways: 2, environment });
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  const ask = async <T>(tenant: Tenant, route: string): Promise<T> => {
    const headers = { authorization: `Bearer ${tenant.token}` };
    const answer = await call(`${leasehold.ready.controlPlane}${route}`, { headers });
    expectStatus(answer, 200);
    return answer.json<T>();
  };
  const sumOf = (rows: readonly Partial<Meters>[], meter: keyof Meters) =>
    rows.reduce((sum, row) => sum + (row[meter] ?? 0), 0);

  async function usageOf(tenant: Tenant, query = 'step=hour'): Promise<Meters & { readonly commits: number }> {
    const { usage } = await ask<{ usage: (Meters & { commits: number })[] }>(tenant, `/v1/usage?${query}`);
    const [writeUnits, readUnits, egressBytes] = METERS.map((meter) => sumOf(usage, meter)) as [number, number, number];
    return { writeUnits, readUnits, egressBytes, commits: usage.reduce((sum, { commits }) => sum + commits, 0) };
  }

  /** Of the lines of this month's draft. */
  async function invoiceOf(tenant: Tenant): Promise<Record<string, number>> {
    const month = new Date().toISOString().slice(0, 7);
    interface Line {
      readonly meter: string | null;
      readonly quantity: string;
    }
    const { lines } = await ask<{ lines: Line[] }>(tenant, `/v1/invoices/${month}/lines?limit=1000`);
    const billed: Record<string, number> = {};
    for (const { meter, quantity } of lines) if (meter) billed[meter] = (billed[meter] ?? 0) + Number(quantity);
    return billed;
  }

  async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    const endsAt = Date.now() + TOLD_WITHIN_MS;
    while (!(await isTrue().catch(() => false))) {
      if (Date.now() > endsAt) throw new Error(`not within ${TOLD_WITHIN_MS} ms: ${what}`);
      await sleep(500);
    }
  }

  it(`is, of ${REQUESTS} requests, what their answers said, in usage and in the lines of the invoice, to the unit`, async () => {
    const tenant = await signUp(leasehold.ready);
    counted = tenant;
    const told = new Told();
    const databases = leasehold.ready.gateways.map((url) => new Database(`${url}/v1/db/main`, tenant.key));
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        for (let n = client; n < REQUESTS; n += CLIENTS) {
          const database = databases[n % databases.length] as Database;
          const { method, answer } = await oneRequest(database, n);
          if (answer.status >= 500) throw new Error(`${method} answered ${answer.status}`);
          told.take(method, answer);
        }
      }),
    );
    const { writeUnits, readUnits, egressBytes } = told;
    expect(told.answers).toBe(REQUESTS);
    expect(Math.min(writeUnits, readUnits)).toBeGreaterThan(REQUESTS / 4);
    await until('usage is told', async () => {
      const usage = await usageOf(tenant);
      return usage.writeUnits >= writeUnits && usage.readUnits >= readUnits;
    });
    expect(await usageOf(tenant)).toMatchObject({ writeUnits, readUnits, egressBytes });
    expect(await usageOf(tenant, 'step=month&group=database')).toMatchObject({ writeUnits, readUnits, egressBytes });
    expect(await invoiceOf(tenant)).toMatchObject({ writeUnits, readUnits, egressBytes });
  }, 600_000);

  it('is told with how long it took, and how often the database was not open', async () => {
    interface Metrics {
      readonly requests: number;
      readonly errors: number;
      readonly coldStarts: number;
      readonly p50Ms: number;
      readonly coldPhasesMs: Readonly<Record<string, number>>;
    }
    let metrics: readonly Metrics[] = [];
    const sum = (member: 'requests' | 'errors' | 'coldStarts') =>
      metrics.reduce((total, each) => total + each[member], 0);
    // Gateways tell at the end of each minute.
    await until('all requests are counted', async () => {
      ({ metrics } = await ask<{ metrics: Metrics[] }>(counted, '/v1/databases/main/metrics?step=hour'));
      return sum('requests') >= REQUESTS;
    });
    expect([sum('requests'), sum('errors')]).toEqual([REQUESTS, 0]);
    expect(sum('coldStarts')).toBeGreaterThan(0);
    expect(Object.keys(metrics[0]?.coldPhasesMs ?? {})).toContain('net');
    expect(metrics[0]?.p50Ms).toBeGreaterThan(0);
  }, 200_000);

  it('is every write that was done, and no read that was not, over killed compactors and gateways, a lost queue and a Postgres that hangs', async () => {
    const tenant = await signUp(leasehold.ready);
    const { ready, data } = leasehold;
    const [first, second] = ready.gateways.map((url) => new Database(`${url}/v1/db/main`, tenant.key)) as [
      Database,
      Database,
    ];
    // From here on neither gateway has to ask anybody who this is.
    for (const database of [first, second]) expectStatus(await database.put('begin', 'x'), 200);
    const told = { done: 2, unclear: 0, reads: 0, unclearReads: 0, readsBeforeKill: 0, killedAt: Infinity };
    const endsAt = Date.now() + OUTAGES_MS;
    const readTimes: number[] = [];
    const writer = async (n: number) => {
      for (let i = 0; Date.now() < endsAt; i++) {
        const answer = await first.put(`w-${n}`, String(i)).catch(() => undefined);
        if (answer?.status === 200) told.done++;
        else if (answer === undefined || answer.json<{ code: string }>().code === 'outcome-unknown') told.unclear++;
        await sleep(20);
      }
    };
    const reader = async () => {
      while (Date.now() < endsAt) {
        const answer = await second.get('begin').catch(() => undefined);
        if (answer === undefined) told.unclearReads++;
        else if (parseCost(answer.headers.get('leasehold-cost') ?? undefined).readUnits > 0) readTimes.push(Date.now());
        await sleep(20);
      }
    };
    const outages = async () => {
      await sleep(2_000);
      process.kill(ready.pids.compactor, 'SIGKILL');
      const metadata = Metadata.open({ databaseUrl: await databaseUrlOf(data) });
      await metadata.prisma.$executeRawUnsafe('DROP SCHEMA leasehold_jobs CASCADE');
      await metadata.close();
      await sleep(2_000);
      const frozen = await Frozen.metadata(leasehold);
      await sleep(4_000);
      frozen.thaw();
      await sleep(1_000);
      told.killedAt = Date.now();
      process.kill(ready.pids.gateways[1] as number, 'SIGKILL');
    };
    await Promise.all([outages(), writer(1), writer(2), reader()]);
    const last = await first.put('end', 'x');
    expectStatus(last, 200);
    told.done++;
    const { version } = await first.stats();
    const commits = parseVersion(String(version))?.sequence ?? 0;
    expect(commits).toBeGreaterThanOrEqual(told.done);
    expect(commits).toBeLessThanOrEqual(told.done + told.unclear);
    await until('all writes are told', async () => (await usageOf(tenant)).commits >= commits);
    // Whatever runs twice has time to.
    await sleep(3_000);
    const usage = await usageOf(tenant);
    // Each of them is of one unit.
    expect([usage.commits - commits, usage.writeUnits - commits]).toEqual([0, 0]);
    const lost = readTimes.filter((at) => at > told.killedAt - UNRECORDED_MS && at <= told.killedAt).length;
    expect(usage.readUnits).toBeLessThanOrEqual(readTimes.length + told.unclearReads);
    expect(usage.readUnits).toBeGreaterThanOrEqual(readTimes.length - lost);
    expect(await invoiceOf(tenant)).toMatchObject({ writeUnits: commits, readUnits: usage.readUnits });
  }, 300_000);
});

/** One of each kind by turns, also such that find nothing or are refused. */
async function oneRequest(
  database: Database,
  n: number,
): Promise<{ readonly method: string; readonly answer: Answer }> {
  const key = `k-${n % 50}`;
  switch (n % 8) {
    case 0:
      return { method: 'PUT', answer: await database.put(key, 'x'.repeat(3_000)) };
    case 1:
      return { method: 'PUT', answer: await database.put(key, 'x'.repeat(100)) };
    case 2:
      return { method: 'DELETE', answer: await database.delete(key) };
    case 3:
      return { method: 'GET', answer: await database.list({ limit: '20' }) };
    case 4:
      return { method: 'POST', answer: await transaction(database, key) };
    case 5:
      return { method: 'GET', answer: await database.get('missing') };
    case 6:
      return { method: 'PUT', answer: await database.put(key, 'x', { 'if-none-match': '*' }) };
    default:
      return { method: 'GET', answer: await database.get(key) };
  }
}

async function transaction(database: Database, key: string): Promise<Answer> {
  const value = Buffer.from('y'.repeat(1_500)).toString('base64');
  const ops = [
    { op: 'put', key: `${key}-a`, value },
    { op: 'put', key: `${key}-b`, value },
  ];
  const headers = { 'content-type': 'application/json' };
  const answer = await database.request('POST', '/transactions', headers, JSON.stringify({ ops }));
  expectStatus(answer, 200);
  return answer;
}

/** Of the Postgres that `up` has started. */
async function databaseUrlOf(data: string): Promise<string> {
  interface Secrets {
    readonly postgresPassword: string;
    readonly postgresPort: number;
  }
  const { postgresPassword, postgresPort } = JSON.parse(
    await readFile(path.join(data, 'secrets.json'), 'utf8'),
  ) as Secrets;
  return `postgresql://leasehold:${postgresPassword}@127.0.0.1:${postgresPort}/leasehold`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
