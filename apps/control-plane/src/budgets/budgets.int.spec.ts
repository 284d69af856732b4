import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Directory, PostgresDirectorySource } from '@leasehold/directory';
import { systemClock, type TenantId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import { Letters } from '../mail/letters.js';
import { TestMailbox } from '../testing/test-mailbox.js';
import { TestService, type Tenant } from '../testing/test-service.js';
import { watchBudgets } from './budget-watch.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const GIGABYTE = 1_000_000_000;
const URL = 'http://localhost:1';

/** Mails are left to the service. */
function withoutAlerts(metadata: Metadata): Pick<Metadata, 'budgets' | 'planVersions' | 'usageReport'> {
  const budgets = Object.assign(Object.create(metadata.budgets) as Metadata['budgets'], { takeAlerts: async () => [] });
  return { budgets, planVersions: metadata.planVersions, usageReport: metadata.usageReport };
}

describe('the budgets of an organization', () => {
  let service: TestService;
  let mailbox: TestMailbox;
  let tenant: Tenant;
  let database: string;
  let key: string;

  const call = (method: string, path: string, json?: object, token = tenant.token) =>
    service.call(method, `/v1/budgets${path}`, { token, ...(json && { json }) });

  /** In the hour that is now. */
  async function use(quantities: { writes?: number; reads?: number; egressBytes?: number }, of = database, by = key) {
    const { writes = 0, reads = 0, egressBytes = 0 } = quantities;
    const hour = Math.floor(systemClock.now() / HOUR_MS);
    const row = (keyId: string) => ({ databaseId: of, hour, keyId, commits: 0n, requests: 0n });
    const none = { writeUnits: 0n, readUnits: 0n, egressBytes: 0n };
    const rows = [
      { ...row(''), ...none, writeUnits: BigInt(writes) },
      { ...row(by), ...none, readUnits: BigInt(reads), egressBytes: BigInt(egressBytes) },
    ];
    for (const { databaseId, keyId, ...used } of rows) {
      await service.metadata.prisma.usageHour.upsert({
        where: { databaseId_hour_keyId: { databaseId, hour, keyId } },
        create: { databaseId, keyId, ...used },
        update: used,
      });
    }
  }

  const nextHour = () => new Date((Math.floor(systemClock.now() / HOUR_MS) + 1) * HOUR_MS);
  /** The organization has the plan. Its version begins with the next hour; so that no test need wait for it, it does now. */
  const payNow = async (plan: string): Promise<void> => {
    const { plans, prisma } = service.metadata;
    await plans.assign(tenant.organizationId, plan);
    await prisma.$executeRaw`ALTER TABLE plan_versions DISABLE TRIGGER plan_versions_kept`;
    await prisma.$executeRaw`UPDATE plan_versions SET effective_from = now() - interval '1 day' WHERE plan_id = ${plan}`;
    await prisma.$executeRaw`ALTER TABLE plan_versions ENABLE TRIGGER plan_versions_kept`;
  };

  /** Counts all budgets anew; the service does so by itself, each a few times in a minute. */
  const look = async (): Promise<void> => {
    await service.metadata.prisma.$executeRaw`UPDATE budgets SET looked_at = now() - interval '1 hour'`;
    const { metadata } = service;
    const mails = { configured: false, post: () => undefined };
    const logger = { warn: (told: unknown, message: string) => fail(told, message) } as unknown as Logger;
    await watchBudgets({ metadata: withoutAlerts(metadata), mails, letters: new Letters(URL), logger });
  };

  function fail(told: unknown, message: string): never {
    throw new Error(message, { cause: told });
  }

  beforeAll(async () => {
    mailbox = await TestMailbox.open(URL);
    service = await TestService.start({ MAILBOX_DIR: mailbox.folder, PUBLIC_URL: URL });
    tenant = await service.signUp();
    await service.metadata.prisma.user.updateMany({ data: { emailVerified: true } });
    const made = await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'main' } });
    database = String(made.body['id']);
    ({ id: key } = await service.createKey(tenant, ['data:read', 'data:write']));
    // A quarter of a dollar for a million reads, one for a million writes, 9 cents for a GB of egress.
    const price = (amount: bigint, per: bigint) => ({ amount, per, included: 0n });
    await service.metadata.plans.put('pro', 'Pro', {});
    await service.metadata.planVersions.add('pro', nextHour(), {
      ...{ currency: 'USD', fee: 0n, minimum: 0n },
      prices: {
        readUnits: price(25n, 1_000_000n),
        writeUnits: price(100n, 1_000_000n),
        storedByteMs: price(10n, 3_600_000n * BigInt(GIGABYTE)),
        egressBytes: price(9n, BigInt(GIGABYTE)),
      },
    });
  });
  afterAll(async () => {
    await service.close();
    await mailbox.close();
  });

  it('are made, read, changed, listed and deleted', async () => {
    const put = await call('PUT', '/databases/main', { limit: { units: 1_000 } });
    expect([put.status, put.body]).toMatchObject([
      200,
      {
        scope: 'database',
        subject: { id: database, name: 'main' },
        limit: { units: 1_000 },
        alertPercents: [50, 80, 100],
        hardStop: false,
        used: 0,
        usedPercent: 0,
        exhaustedAt: null,
        month: new Date(systemClock.now()).toISOString().slice(0, 7),
      },
    ]);
    expect((await call('GET', `/databases/${database}`)).body).toEqual(put.body);
    const changed = await call('PUT', '/databases/main', {
      ...{ limit: { units: 2_000 }, alertPercents: [90, 10], hardStop: true },
    });
    expect(changed.body).toMatchObject({ id: put.body['id'], limit: { units: 2_000 }, alertPercents: [10, 90] });
    expect((await call('PUT', `/keys/${key}`, { limit: { units: 5 } })).body).toMatchObject({
      scope: 'key',
      subject: { id: key, name: 'k' },
    });
    expect((await call('PUT', '/organization', { limit: { units: 5 } })).body).toMatchObject({ subject: null });
    const first = await call('GET', '?limit=2');
    expect(first.body['budgets']).toMatchObject([{ scope: 'database' }, { scope: 'key' }]);
    const rest = await call('GET', `?limit=2&cursor=${String(first.body['cursor'])}`);
    expect(rest.body).toMatchObject({ budgets: [{ scope: 'organization' }], cursor: null });
    for (const path of ['/organization', '/databases/main', `/keys/${key}`]) {
      expect((await call('DELETE', path)).status).toBe(204);
      expect((await call('DELETE', path)).status).toBe(404);
      expect((await call('GET', path)).status).toBe(404);
    }
  });

  it.each([
    [{ limit: { units: -1 } }],
    [{ limit: { units: 1.5 } }],
    [{ limit: { units: '1' } }],
    [{ limit: { amount: 1 } }],
    [{ limit: { currency: 'usd', amount: 1 } }],
    [{ limit: { currency: 'EUR', amount: 1 } }],
    [{ limit: { units: 1, currency: 'USD', amount: 1 } }],
    [{ limit: { units: 1 }, alertPercents: [0] }],
    [{ limit: { units: 1 }, alertPercents: [50, 50] }],
    [{ limit: { units: 1 }, alertPercents: Array.from({ length: 11 }, (_, n) => n + 1) }],
    [{ limit: { units: 1 }, hardStop: 'yes' }],
    [{ hardStop: true }],
  ])('refuse %j', async (json) => {
    const { status, body } = await call('PUT', '/organization', json);
    expect([status, body['code']]).toEqual([400, 'invalid-body']);
  });

  it('count what was used before they were made, and tell when they will be used up', async () => {
    await use({ writes: 300, reads: 200, egressBytes: 5_000 });
    const { body } = await call('PUT', '/organization', { limit: { units: 100_000 } });
    expect(body).toMatchObject({ used: 500, usedPercent: 0 });
    const ofKey = await call('PUT', `/keys/${key}`, { limit: { units: 1_000 } });
    expect(ofKey.body).toMatchObject({ used: 200, usedPercent: 20 });
    // On the first day of a month there may be no pace yet that leads to its end.
    const { exhaustedAt } = (await call('PUT', '/organization', { limit: { units: 501 } })).body;
    expect(Date.parse(String(exhaustedAt))).toBeGreaterThan(systemClock.now() - 60_000);
    await call('DELETE', '/organization');
    await call('DELETE', `/keys/${key}`);
  });

  it('are used up by one unit of a plan that costs more than any budget, and fail nobody', async () => {
    const dear = { amount: 10n ** 12n, per: 1n, included: 0n };
    await service.metadata.plans.put('dear', 'Dear', {});
    await service.metadata.planVersions.add('dear', nextHour(), {
      ...{ currency: 'USD', fee: 0n, minimum: 0n },
      prices: { readUnits: dear, writeUnits: dear, storedByteMs: dear, egressBytes: dear },
    });
    await use({ writes: 1_000_000, reads: 1_000_000, egressBytes: GIGABYTE });
    const at = new Date(systemClock.now() - HOUR_MS);
    await service.metadata.prisma.usageSize.create({ data: { databaseId: database, at, bytes: BigInt(GIGABYTE) } });
    await payNow('dear');
    const put = await call('PUT', '/organization', { limit: { currency: 'USD', amount: 1_000_000_000 } });
    expect([put.status, put.body['usedPercent']]).toEqual([200, 800]);
    await look();
    expect((await call('GET', '/organization')).body).toMatchObject({ usedPercent: 800, exhaustedAt: null });
    await call('DELETE', '/organization');
    await service.metadata.prisma.usageSize.deleteMany();
  });

  it('in money count what things cost, egress and storage with them', async () => {
    await use({ writes: 1_000_000, reads: 4_000_000, egressBytes: 2 * GIGABYTE });
    await payNow('pro');
    const { body } = await call('PUT', '/organization', { limit: { currency: 'USD', amount: 1_000 } });
    // 100 of writes, 100 of reads, 18 of egress.
    expect(body).toMatchObject({ limit: { currency: 'USD', amount: 1_000 }, used: 218, usedPercent: 21 });
    const at = new Date(systemClock.now() - 10 * HOUR_MS);
    await service.metadata.prisma.usageSize.create({ data: { databaseId: database, at, bytes: BigInt(GIGABYTE) } });
    await look();
    // And some 10 hours of a GB; fewer where the month has just begun.
    const { used } = (await call('GET', '/organization')).body;
    expect(used).toBeGreaterThanOrEqual(218);
    expect(used).toBeLessThanOrEqual(319);
    await call('DELETE', '/organization');
  });

  it('are told to those who pay, once for each percent', async () => {
    const before = (await mailbox.mailsTo(tenant.email, 0)).length;
    const told = async (count: number) => (await mailbox.mailsTo(tenant.email, before + count)).slice(before);
    await use({ writes: 850 });
    const json = { limit: { units: 1_000 }, alertPercents: [80, 100], hardStop: true };
    const { id } = (await call('PUT', '/databases/main', json)).body;
    const [mail] = await told(1);
    expect(mail?.subject).toBe('80 % of a budget is used');
    expect(mail?.text).toContain('the database main at Leasehold has used 80 % of its budget of 1000 units');
    await look();
    await use({ writes: 1_000 });
    await Promise.all([look(), look()]);
    const second = (await told(2)).map(({ subject }) => subject);
    expect(second).toEqual(['80 % of a budget is used', '100 % of a budget is used']);
    expect((await call('GET', '/databases/main')).body).toMatchObject({ usedPercent: 100, exhaustedAt: null });
    const filter = { action: 'budget.alerted', subjectId: String(id) };
    expect(await service.metadata.auditLog.list(tenant.organizationId, undefined, 10, filter)).toHaveLength(2);
    await look();
    expect(await told(2)).toHaveLength(2);
    await call('DELETE', '/databases/main');
  });

  it('are with the gateways within two seconds, where they stop', async () => {
    const source = new PostgresDirectorySource(service.databaseUrl);
    const directory = new Directory(source, { clock: systemClock });
    await directory.start();
    const known = async () => (await directory.tenant(tenant.organizationId as TenantId))?.budgets?.length ?? 0;
    const arrives = async (count: number) => {
      const startedAt = performance.now();
      while ((await known()) !== count) {
        expect(performance.now() - startedAt).toBeLessThan(2_000);
        await systemClock.sleep(20);
      }
    };
    try {
      expect(await known()).toBe(0);
      await call('PUT', '/databases/main', { limit: { units: 5_000 } });
      await call('PUT', '/organization', { limit: { units: 5_000 }, hardStop: true });
      await arrives(1);
      const [entry] = (await directory.tenant(tenant.organizationId as TenantId))?.budgets ?? [];
      expect(entry).toMatchObject({
        scope: 'organization',
        subjectId: '',
        weights: { readUnit: 1, writeUnit: 1, egressByte: 0 },
      });
      await call('PUT', '/databases/main', { limit: { units: 5_000 }, hardStop: true });
      await arrives(2);
      await call('DELETE', '/organization');
      await arrives(1);
    } finally {
      await directory.stop();
      await source.close();
    }
  });
});
