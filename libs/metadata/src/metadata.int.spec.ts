import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { DatabaseExistsError, EmailTakenError } from './errors.js';
import { Metadata } from './metadata.js';
import { outageOf } from './outage.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const account = (email: string, organizationName: string) => ({ email, organizationName, passwordHash: 'hash' });
const failure = (promise: Promise<unknown>) => promise.then(() => undefined, outageOf);

describe('metadata', () => {
  let test: TestMetadata;
  let databaseUrl: string;
  let metadata: Metadata;
  let mine: string;
  let theirs: string;

  beforeAll(async () => {
    test = await openTestMetadata({ connectTimeoutMs: 500, statementTimeoutMs: 500 });
    ({ databaseUrl, metadata } = test);
    mine = await test.newOrganization('mine');
    theirs = await test.newOrganization('theirs');
  });
  afterAll(() => test.close());

  it('leaves nothing of an account whose address is taken', async () => {
    const before = await metadata.prisma.organization.count();
    const again = metadata.organizations.createAccount(account('mine@example.com', 'Another'));
    await expect(again).rejects.toThrow(EmailTakenError);
    expect(await metadata.prisma.organization.count()).toBe(before);
  });

  it.each(['users', 'accounts', 'organizations', 'members'])(
    'leaves nothing of an account when the connection dies at its row in %s',
    async (table) => {
      const { prisma } = metadata;
      const rows = async () => [
        await prisma.user.count(),
        await prisma.account.count(),
        await prisma.organization.count(),
        await prisma.member.count(),
      ];
      const before = await rows();
      await prisma.$executeRawUnsafe(`
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
      await prisma.$executeRawUnsafe(`CREATE TRIGGER die AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION die()`);
      const created = metadata.organizations.createAccount(account('dies@example.com', 'Dies'));
      expect(await failure(created)).toBe('broken');
      await prisma.$executeRawUnsafe('DROP FUNCTION die CASCADE');
      expect(await rows()).toEqual(before);
    },
  );

  it('gives organizations of one name different slugs, also at the same instant', async () => {
    const created = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        metadata.organizations.createAccount(account(`twin${i}@example.com`, 'Twin')),
      ),
    );
    expect(new Set(created.map(({ organization }) => organization.slug)).size).toBe(5);
  });

  it('keeps database names unique inside one organization only', async () => {
    const first = await metadata.databases.create(mine, 'shared');
    await expect(metadata.databases.create(mine, 'shared')).rejects.toThrow(DatabaseExistsError);
    const other = await metadata.databases.create(theirs, 'shared');
    expect(other.id).not.toBe(first.id);
    expect(await metadata.databases.find(mine, 'shared')).toEqual(first);
    expect(await metadata.databases.find(mine, first.id)).toEqual(first);
    expect(await metadata.databases.find(theirs, first.id)).toBeUndefined();
  });

  it('frees the name of a deleted database', async () => {
    const first = await metadata.databases.create(mine, 'reused');
    await metadata.prisma.database.update({ where: { id: first.id }, data: { deletedAt: new Date() } });
    expect(await metadata.databases.find(mine, 'reused')).toBeUndefined();
    expect((await metadata.databases.create(mine, 'reused')).id).not.toBe(first.id);
  });

  it('lists databases by name, page by page, without another organization', async () => {
    for (const name of ['p3', 'p1', 'p2']) await metadata.databases.create(theirs, name);
    const first = await metadata.databases.list(theirs, 'p', 2);
    expect(first.map(({ name }) => name)).toEqual(['p1', 'p2']);
    expect((await metadata.databases.list(theirs, 'p2', 2)).map(({ name }) => name)).toEqual(['p3', 'shared']);
  });

  it('revokes a key once, for its own organization only', async () => {
    const key = {
      id: 'k1',
      name: 'k',
      secretHash: new Uint8Array(32),
      lastFour: 'abcd',
      scopes: [],
      expiresAt: undefined,
    };
    await metadata.apiKeys.create(mine, key);
    expect(await metadata.apiKeys.revoke(theirs, 'k1')).toBe(false);
    expect((await metadata.apiKeys.find('k1'))?.revokedAt).toBeNull();
    expect(await metadata.apiKeys.revoke(mine, 'k1')).toBe(true);
    const revokedAt = (await metadata.apiKeys.find('k1'))?.revokedAt;
    expect(revokedAt).toBeInstanceOf(Date);
    expect(await metadata.apiKeys.revoke(mine, 'k1')).toBe(true);
    expect((await metadata.apiKeys.find('k1'))?.revokedAt).toEqual(revokedAt);
  });

  it('keeps the origins of each organization apart, the last ones that were written', async () => {
    await metadata.settings.setCorsOrigins(mine, ['https://a.example', 'https://b.example']);
    await metadata.settings.setCorsOrigins(mine, ['https://c.example']);
    expect(await metadata.settings.corsOrigins(mine)).toEqual(['https://c.example']);
    expect(await metadata.settings.corsOrigins(theirs)).toEqual([]);
  });

  it('publishes a signing key again without changing it', async () => {
    await metadata.tokenKeys.publish('kid', Buffer.alloc(32, 1));
    const [first] = await metadata.prisma.tokenKey.findMany();
    await metadata.tokenKeys.publish('kid', Buffer.alloc(32, 2));
    const [second, ...more] = await metadata.prisma.tokenKey.findMany();
    expect([second?.publicKey, more]).toEqual([first?.publicKey, []]);
    expect(second!.publishedAt.getTime()).toBeGreaterThanOrEqual(first!.publishedAt.getTime());
  });

  it('prunes changes past the retention and no others', async () => {
    await metadata.prisma
      .$executeRaw`UPDATE changes SET created_at = now() - interval '2 hours' WHERE kind = 'api-key'`;
    const recent = await metadata.prisma.change.count({ where: { kind: { not: 'api-key' } } });
    expect(await metadata.changes.prune()).toBeGreaterThan(0);
    expect(await metadata.prisma.change.count()).toBe(recent);
  });

  it('writes and reads times as they are, whatever time zone Postgres is set to', async () => {
    const { prisma } = metadata;
    const set = (zone: string) =>
      prisma.$executeRawUnsafe(
        `DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone TO ${zone}', current_database()); END$$`,
      );
    await set("''America/New_York''");
    const abroad = Metadata.open({ databaseUrl: `${databaseUrl}?options=-c%20work_mem%3D5MB` });
    try {
      const [told] = await abroad.prisma.$queryRaw<{ now: Date; memory: string }[]>`
        SELECT now(), current_setting('work_mem') AS memory`;
      expect(told?.memory).toBe('5MB');
      expect(Math.abs((told?.now.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      // Of an hour that clocks there leave out.
      const at = new Date('2026-03-08T02:30:00Z');
      await abroad.prisma.organization.update({ where: { id: theirs }, data: { createdAt: at } });
      const [row] = await prisma.$queryRaw<{ ms: string }[]>`
        SELECT (1000 * extract(epoch FROM created_at))::bigint::text AS ms FROM organizations WHERE id = ${theirs}`;
      expect(row?.ms).toBe(String(at.getTime()));
      expect((await abroad.prisma.organization.findUnique({ where: { id: theirs } }))?.createdAt).toEqual(at);
    } finally {
      await abroad.close();
      await set('DEFAULT');
    }
  });

  it('tells a transaction that got no connection in time from a bug', async () => {
    const narrow = Metadata.open({
      databaseUrl,
      maxConnections: 1,
      connectTimeoutMs: 4_000,
      statementTimeoutMs: 4_000,
    });
    try {
      const busy = narrow.prisma.$queryRaw`SELECT 1 FROM pg_sleep(3)`;
      await Promise.race([busy, new Promise((resolve) => setTimeout(resolve, 100))]);
      expect(await failure(narrow.organizations.makeOperator('nobody@example.com', 'hash'))).toBe('unreached');
      await busy;
    } finally {
      await narrow.close();
    }
  });

  it('tells an outage before from one during a statement', async () => {
    expect(await failure(metadata.prisma.$queryRaw`SELECT 1 FROM pg_sleep(2)`)).toBe('unreached');
    expect(await failure(metadata.prisma.$queryRaw`SELECT 1 / 0`)).toBeUndefined();
    const during = failure(metadata.prisma.$queryRaw`SELECT 1 FROM pg_sleep(0.4)`);
    await metadata.prisma.$queryRaw`SELECT 1 FROM pg_sleep(0.1)`;
    await test.postgres.stop();
    expect(await during).toBe('broken');
    expect(await failure(metadata.organizations.hasAccount('x'))).toBe('unreached');
    expect(await metadata.answers()).toBe(false);
    await test.postgres.resume();
    expect(await metadata.answers()).toBe(true);
  });
});
