import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock, systemRandom, UlidSource, type TenantId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import pg from 'pg';

import { mintApiKey, mintSecret } from './api-key.js';
import { Directory } from './directory.js';
import { PostgresKeyUses } from './postgres-key-uses.js';
import { PostgresDirectorySource } from './postgres-source.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const REVOCATION_LIMIT_MS = 2_000;
const VERIFICATIONS = 20_000;

describe('the directory on Postgres', () => {
  let test: TestMetadata;
  let databaseUrl: string;
  let metadata: Metadata;
  let source: PostgresDirectorySource;
  let directory: Directory;
  let tenant: TenantId;
  let other: TenantId;
  const ids = new UlidSource(systemClock, systemRandom);

  async function createKey(organizationId = tenant) {
    const { key, ...stored } = mintApiKey(ids, systemRandom);
    const more = { name: 'key', scopes: ['data:read', 'from-a-later-version'], expiresAt: undefined };
    await metadata.apiKeys.create(organizationId, { ...stored, ...more });
    return { key, id: stored.id };
  }

  const codeOf = (key: string) =>
    directory.authenticate(key).then(
      () => 'ok',
      (error: { code?: string }) => error.code,
    );

  /** Without where it was made. */
  const toldSince = async (cursor: string) =>
    (await source.changes(cursor)).changes.map(({ position, ...change }) => {
      expect(position).toMatch(/^[\d.]+\/\d+$/);
      return change;
    });

  async function until(condition: () => Promise<boolean>): Promise<number> {
    const startedAt = performance.now();
    while (!(await condition())) {
      if (performance.now() - startedAt > 10_000) throw new Error('it does not happen');
      await systemClock.sleep(20);
    }
    return performance.now() - startedAt;
  }

  /** Twice: the first of them may be under way. */
  async function polled(): Promise<void> {
    const seen = jest.spyOn(source, 'changes');
    await until(() => Promise.resolve(seen.mock.calls.length > 2));
    seen.mockRestore();
  }

  beforeAll(async () => {
    test = await openTestMetadata();
    ({ databaseUrl, metadata } = test);
    tenant = (await test.newOrganization('tenant')) as TenantId;
    other = (await test.newOrganization('other')) as TenantId;
    source = new PostgresDirectorySource(databaseUrl);
    directory = new Directory(source, { clock: systemClock });
    await directory.start();
  });
  afterAll(async () => {
    await directory.stop();
    await source.close();
    await test.close();
  });

  it('knows a key as soon as it exists, with the scopes that this version knows', async () => {
    const { key, id } = await createKey();
    const principal = await directory.authenticate(key);
    expect(principal).toEqual({ keyId: id, tenantId: tenant, scopes: new Set(['data:read']) });
  });

  it('reads to what a key is confined, and the secret before the present one', async () => {
    const { key, ...minted } = mintApiKey(ids, systemRandom);
    const grant = { databases: ['customer-*'], keyPrefix: Buffer.from('users/') };
    await metadata.apiKeys.create(tenant, { ...minted, name: 'k', scopes: [], ...grant, expiresAt: undefined });
    expect((await directory.authenticate(key)).grant).toEqual(grant);
    const next = mintSecret(minted.id, systemRandom);
    expect(await metadata.apiKeys.rotate(tenant, minted.id, next, new Date(Date.now() + 60_000))).toBe(true);
    await until(async () => (await codeOf(next.key)) === 'ok');
    expect(await codeOf(key)).toBe('ok');
    await metadata.apiKeys.endPrevious(tenant, minted.id);
    expect(await until(async () => (await codeOf(key)) === 'invalid-api-key')).toBeLessThan(REVOCATION_LIMIT_MS);
    expect(await codeOf(next.key)).toBe('ok');
  });

  it('leaves a key with patterns of a later version without any database', async () => {
    const { id } = await createKey();
    await metadata.prisma.apiKey.update({ where: { id }, data: { databases: ['from|later'] } });
    expect((await source.apiKey(id))?.grant).toEqual({ databases: [], keyPrefix: undefined });
  });

  it('verifies keys that it knows without a query', async () => {
    const { key } = await createKey();
    const asked = jest.spyOn(pg.Pool.prototype, 'query');
    try {
      const timed = async (verify: () => unknown): Promise<number> => {
        const startedAt = performance.now();
        for (let n = 0; n < VERIFICATIONS; n++) {
          await verify();
          // So that the feed is read, without which nothing stays known for longer than three seconds.
          if (n % 200 === 0) await new Promise(setImmediate);
        }
        return ((performance.now() - startedAt) * 1_000) / VERIFICATIONS;
      };
      const lookups = () => asked.mock.calls.filter(([sql]) => !String(sql).includes('FROM changes')).length;
      await directory.authenticate(key);
      const before = lookups();
      expect(before).toBeGreaterThan(0);
      const hashedUs = await timed(() => directory.authenticate(key));
      const knownUs = await timed(() => directory.knownPrincipal(key));
      expect(directory.knownPrincipal(key)?.tenantId).toBe(tenant);
      expect(lookups() - before).toBe(0);
      const took = `${hashedUs.toFixed(2)} µs by its secret, ${knownUs.toFixed(2)} µs by its text`;
      process.stderr.write(`a known key is verified in ${took}, ${2 * VERIFICATIONS} times without a query\n`);
    } finally {
      asked.mockRestore();
    }
  });

  it('keeps when a key was used last, once per pace, and tells no gateway to forget the key', async () => {
    const { id } = await createKey();
    const { id: other } = await createKey();
    const store = new PostgresKeyUses(databaseUrl);
    const lastUsed = async () => (await metadata.apiKeys.get(tenant, id))?.lastUsedAt?.getTime();
    try {
      const { cursor } = await source.changes(undefined);
      expect(await lastUsed()).toBeUndefined();
      const at = Date.now();
      const record = (usedAt: number) =>
        store.record(
          [id, 'of no key', other].sort().map((keyId) => ({ keyId, usedAt })),
          60_000,
        );
      await record(at);
      expect(await lastUsed()).toBe(at);
      await record(at + 59_999);
      expect(await lastUsed()).toBe(at);
      await record(at - 60_000);
      expect(await lastUsed()).toBe(at);
      await record(at + 60_000);
      expect(await lastUsed()).toBe(at + 60_000);
      expect(await toldSince(cursor)).not.toContainEqual({ kind: 'api-key', id });
    } finally {
      await store.close();
    }
  });

  it('finds a database as soon as it exists, for its tenant only', async () => {
    expect(await directory.database(tenant, 'fresh')).toBeUndefined();
    const { id } = await metadata.databases.create(tenant, 'fresh');
    const fresh = await directory.database(tenant, 'fresh');
    expect(fresh).toEqual({ id, name: 'fresh', tenantId: tenant, asOf: fresh?.asOf });
    expect(await directory.database(other, 'fresh')).toBeUndefined();
  });

  it('knows what was decided about a database, once something ever was, and hears of changes', async () => {
    const { id } = await metadata.databases.create(tenant, 'decided', { sizeLimitBytes: 5_000_000_000 });
    const options = async () => (await source.database(tenant, 'decided'))?.options;
    expect(await options()).toEqual({ retentionMs: 86_400_000, maxBytes: 5_000_000_000 });
    const { cursor } = await source.changes(undefined);
    await metadata.databases.change(tenant, id, { sizeLimitBytes: null, retentionSeconds: 0 });
    expect(await options()).toEqual({ retentionMs: 0, maxBytes: 10_000_000_000 });
    expect(await toldSince(cursor)).toContainEqual({ kind: 'database', tenantId: tenant, name: 'decided' });
    await metadata.databases.change(tenant, id, { retentionSeconds: null });
    // Its head may have what was decided before.
    expect(await options()).toEqual({ retentionMs: 86_400_000, maxBytes: 10_000_000_000 });
  });

  it('knows the origins of a tenant, none at first, and nothing of a tenant that is none', async () => {
    const fresh = await source.tenant(other);
    expect(fresh).toEqual({ id: other, corsOrigins: new Set(), quotas: {}, asOf: fresh?.asOf });
    const { cursor } = await source.changes(undefined);
    await metadata.settings.setCorsOrigins(other, ['https://app.example.com']);
    expect((await source.tenant(other))?.corsOrigins).toEqual(new Set(['https://app.example.com']));
    expect(await toldSince(cursor)).toContainEqual({ kind: 'tenant', id: other });
    expect((await source.tenant(tenant))?.corsOrigins.size).toBe(0);
    expect(await source.tenant('nobody' as TenantId)).toBeUndefined();
  });

  it('knows the quotas of a tenant, and hears of changes to them and to plans', async () => {
    const { cursor } = await source.changes(undefined);
    await metadata.plans.put('pro', 'Pro', { requestsPerSecond: 500, burstRequests: 900, concurrentWakes: 7 });
    await metadata.plans.assign(tenant, 'pro');
    await metadata.plans.agree(tenant, { bytesPerSecond: 2 ** 36, concurrentRequests: 33, requestsPerSecond: 600 });
    expect((await source.tenant(tenant))?.quotas).toEqual({
      requestsPerSecond: 600,
      burstRequests: 900,
      bytesPerSecond: 2 ** 36,
      concurrentRequests: 33,
      concurrentWakes: 7,
    });
    expect((await source.tenant(other))?.quotas).toEqual({});
    await metadata.plans.agree(tenant, { storageBytes: 0 });
    expect((await source.tenant(tenant))?.quotas?.usedUpStorageBytes).toBe(0);
    await metadata.plans.agree(tenant, { storageBytes: 1 });
    expect((await source.tenant(tenant))?.quotas?.usedUpStorageBytes).toBeUndefined();
    const changes = await toldSince(cursor);
    expect(changes).toContainEqual({ kind: 'tenant', id: tenant });
    expect(changes).toContainEqual({ kind: 'plan' });
  });

  it('knows the two signing keys that were published last, the latest first', async () => {
    const publicKey = (byte: number) => Buffer.alloc(32, byte);
    const kids = async () => (await source.tokenKeys()).map(({ kid }) => kid);
    const { cursor } = await source.changes(undefined);
    for (const [byte, kid] of ['one', 'two', 'three'].entries()) {
      await metadata.tokenKeys.publish(kid, publicKey(byte));
      // Times of one ms would say nothing of the order.
      await systemClock.sleep(2);
    }
    expect(await source.tokenKeys()).toMatchObject([
      { kid: 'three', publicKey: publicKey(2) },
      { kid: 'two', publicKey: publicKey(1) },
    ]);
    expect(await toldSince(cursor)).toContainEqual({ kind: 'token-key' });
    await metadata.tokenKeys.publish('one', publicKey(0));
    expect(await kids()).toEqual(['one', 'three']);
  });

  it('refuses a revoked key within two seconds', async () => {
    const { key, id } = await createKey();
    expect(await codeOf(key)).toBe('ok');
    await metadata.apiKeys.revoke(tenant, id);
    const tookMs = await until(async () => (await codeOf(key)) === 'invalid-api-key');
    expect(tookMs).toBeLessThan(REVOCATION_LIMIT_MS);
  });

  it('does not lose a change whose transaction commits after a later one', async () => {
    const early = await createKey();
    const late = await createKey();
    const slow = new pg.Client({ connectionString: databaseUrl });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [early.id]);
      const { cursor } = await source.changes(undefined);
      await metadata.apiKeys.revoke(tenant, late.id);
      const first = await source.changes(cursor);
      expect(first.changes).toMatchObject([{ kind: 'api-key', id: late.id }]);
      await slow.query('COMMIT');
      const second = await source.changes(first.cursor);
      expect(second.changes).toContainEqual(expect.objectContaining({ kind: 'api-key', id: early.id }));
      const third = await source.changes(second.cursor);
      expect(third.changes).toEqual([]);
    } finally {
      await slow.end();
    }
  });

  describe('behind a transaction that takes long', () => {
    let slow: pg.Client;

    beforeEach(async () => {
      slow = new pg.Client({ connectionString: databaseUrl });
      await slow.connect();
      await slow.query('BEGIN');
      // Has a number from here on, so that everything later is told until it ends.
      await slow.query('SELECT pg_current_xact_id()');
    });
    afterEach(() => slow.end());

    it('keeps what was read after the change, and asks nobody', async () => {
      const { key } = await createKey(other);
      const { id } = await metadata.databases.create(other, 'behind');
      await metadata.settings.setCorsOrigins(other, ['https://behind.example.com']);
      await metadata.plans.put('pro', 'Pro', { requestsPerSecond: 501 });
      expect([await codeOf(key), (await directory.database(other, 'behind'))?.id]).toEqual(['ok', id]);
      await polled();
      expect(directory.knownPrincipal(key)?.tenantId).toBe(other);
      expect(directory.knownDatabase(other, 'behind')?.id).toBe(id);
      expect(directory.knownTenant(other)?.corsOrigins).toEqual(new Set(['https://behind.example.com']));
    });

    it('tells each change once, so that no number of them is too many because of it', async () => {
      const changeThings = (first: number) => metadata.prisma.$executeRaw`
        INSERT INTO changes (transaction_id, kind, organization_id, subject)
        SELECT pg_current_xact_id()::text::bigint, 'database', 'behind', n::text FROM generate_series(${first}::int, ${first}::int + 2999) AS n`;
      let { cursor } = await source.changes(undefined);
      const subjects: string[] = [];
      for (const first of [1, 3_001]) {
        await changeThings(first);
        const page = await source.changes(cursor);
        expect([page.reset, page.changes.length]).toEqual([false, 3_000]);
        subjects.push(...page.changes.flatMap((change) => (change.kind === 'database' ? [change.name] : [])));
        ({ cursor } = page);
      }
      expect(new Set(subjects).size).toBe(6_000);
      expect((await source.changes(cursor)).changes).toEqual([]);
      await slow.query(`INSERT INTO changes (transaction_id, kind, organization_id, subject)
        VALUES (pg_current_xact_id()::text::bigint, 'database', 'behind', 'slow')`);
      await slow.query('COMMIT');
      expect(await toldSince(cursor)).toEqual([{ kind: 'database', tenantId: 'behind', name: 'slow' }]);
      // So many would be too many for who comes from another server.
      await metadata.prisma.$executeRaw`DELETE FROM changes WHERE organization_id = 'behind'`;
    });

    it('keeps nothing that was read while the change was under way', async () => {
      const { key, id } = await createKey();
      await slow.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [id]);
      expect(await codeOf(key)).toBe('ok');
      await polled();
      expect(await codeOf(key)).toBe('ok');
      // Now it is in memory, read long after the change was made, before it was there.
      expect(directory.knownPrincipal(key)).toBeDefined();
      await slow.query('COMMIT');
      const tookMs = await until(() => Promise.resolve(directory.knownPrincipal(key) === undefined));
      expect(tookMs).toBeLessThan(REVOCATION_LIMIT_MS);
      expect(await codeOf(key)).toBe('invalid-api-key');
    });
  });

  it('follows the feed while lookups wait for each other', async () => {
    const slow = new pg.Client({ connectionString: databaseUrl });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query('LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE');
      const lookups = Array.from({ length: 20 }, () => source.apiKey(ids.next()).catch(() => undefined));
      await systemClock.sleep(100);
      const before = performance.now();
      await source.changes(undefined);
      expect(performance.now() - before).toBeLessThan(1_000);
      await slow.query('COMMIT');
      await Promise.all(lookups);
    } finally {
      await slow.end();
    }
  });

  it('tells everything that it keeps to who has come from another server, which gives numbers again', async () => {
    await metadata.databases.create(tenant, 'told-again');
    const change = { kind: 'database', tenantId: tenant, name: 'told-again' };
    const { cursor } = await source.changes(undefined);
    expect(await toldSince(cursor)).not.toContainEqual(change);
    const [, seen = ''] = cursor.split('/');
    const elsewhere = `1732822000.123456.1732822000.5/${seen}`;
    expect(await toldSince(elsewhere)).toContainEqual(change);
    const pages = [undefined, cursor, elsewhere].map((since) => source.changes(since));
    expect((await Promise.all(pages)).map(({ isOtherServer }) => isOtherServer)).toEqual([false, false, true]);
  });

  it('says reset when it cannot tell: a server that counts anew, or too many changes', async () => {
    const { cursor } = await source.changes(undefined);
    const [server = '', seen = ''] = cursor.split('/');
    const later = BigInt(seen.split(':')[1] ?? 0) + 1_000n;
    // Others may be under way that were before: it is the end that turns back.
    expect((await source.changes(`${server}/${seen.split(':')[0]}:${later}:`)).reset).toBe(true);
    await metadata.prisma.$executeRaw`
      INSERT INTO changes (transaction_id, kind, organization_id, subject)
      SELECT pg_current_xact_id()::text::bigint, 'database', 'x', n::text FROM generate_series(1, 5001) AS n`;
    expect(await source.changes(cursor)).toMatchObject({ reset: true, changes: [] });
  });

  it('keeps known keys and databases working while Postgres is stopped', async () => {
    const { key } = await createKey();
    const { key: unseen } = await createKey();
    const { id } = await metadata.databases.create(tenant, 'steady');
    // Too many changes came in the test before: the feed has everything forgotten once.
    await polled();
    expect(await codeOf(key)).toBe('ok');
    await directory.database(tenant, 'steady');
    await test.postgres.stop();
    await systemClock.sleep(1_200);
    expect(await codeOf(key)).toBe('ok');
    expect((await directory.database(tenant, 'steady'))?.id).toBe(id);
    expect(await codeOf(unseen)).toBe('unavailable');
    await test.postgres.resume();
    await until(async () => (await codeOf(unseen)) === 'ok');
  });
});
