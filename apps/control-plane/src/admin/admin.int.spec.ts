import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { Directory, PostgresDirectorySource } from '@leasehold/directory';
import { seededRandom, systemClock, UlidSource, utf8, type SessionId, type TenantId } from '@leasehold/foundation';
import { JobQueues, jobKinds, queueStoreFrom, runJobWorkers, type JobHandlers } from '@leasehold/jobs';
import { encodeSessionRecord } from '@leasehold/lease';
import { resumption, RevocationLog, RevocationWatch, suspension } from '@leasehold/revocations';

import { TestBucket } from '../testing/test-bucket.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const OPERATOR = { email: 'ops@example.com', password: 'operators only' };
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the administration', () => {
  let bucket: TestBucket;
  let service: TestService;
  let operator: string;
  let tenant: Tenant;
  let store: TestBucket['store'];

  beforeAll(async () => {
    bucket = await TestBucket.start();
    store = bucket.store;
    service = await TestService.start({
      ADMIN_EMAIL: OPERATOR.email,
      ADMIN_PASSWORD: OPERATOR.password,
      ...bucket.env,
    });
    operator = String((await service.call('POST', '/v1/login', { json: OPERATOR })).body['token']);
    tenant = await service.signUp();
  });
  afterAll(async () => {
    await service.close();
    await bucket.close();
  });

  const ask = (method: string, path: string, json?: object, token = operator) =>
    service.call(method, `/v1/admin${path}`, { token, ...(json && { json }) });

  const until = async (holds: () => Promise<boolean> | boolean, withinMs = 10_000) => {
    const since = performance.now();
    while (!(await holds())) {
      if (performance.now() - since > withinMs) throw new Error(`not within ${withinMs} ms`);
      await systemClock.sleep(20);
    }
  };

  const openDirectory = async (): Promise<{ directory: Directory; close: () => Promise<void> }> => {
    const source = new PostgresDirectorySource(service.databaseUrl);
    const revocations = new RevocationWatch({ store, clock: systemClock, random: seededRandom(1) });
    const directory = new Directory(source, { clock: systemClock, revocations });
    await revocations.start();
    await directory.start();
    const close = async () => {
      await directory.stop();
      await revocations.stop();
      await source.close();
    };
    return { directory, close };
  };

  const codeOf = (directory: Directory, key: string) =>
    directory.authenticate(key).then(
      () => 'ok',
      (error: { code?: string }) => String(error.code),
    );

  it('lists the databases of a tenant by name, deleted ones apart', async () => {
    const other = await service.signUp();
    const ids: Record<string, unknown> = {};
    for (const name of ['orders-eu', 'orders-us', 'users', 'gone']) {
      ids[name] = (await service.call('POST', '/v1/databases', { token: other.token, json: { name } })).body['id'];
    }
    await service.call('DELETE', '/v1/databases/gone', { token: other.token });
    const path = `/tenants/${other.organizationId}/databases`;
    const named = async (query: string) =>
      ((await ask('GET', path + query)).body['databases'] as readonly { name: string }[]).map(({ name }) => name);
    expect(await named('')).toEqual(['orders-eu', 'orders-us', 'users']);
    expect(await named('?search=orders')).toEqual(['orders-eu', 'orders-us']);
    const first = (await ask('GET', `${path}?limit=2`)).body;
    expect(await named(`?limit=2&cursor=${String(first['cursor'])}`)).toEqual(['users']);
    const deleted = (await ask('GET', `${path}?deleted=true`)).body['databases'];
    expect(deleted).toEqual([
      { id: ids['gone'], name: 'gone', createdAt: expect.any(String), deletedAt: expect.any(String) },
    ]);
    expect((await ask('GET', `/tenants/nobody/databases`)).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await ask('GET', `${path}?search=A`)).body).toMatchObject({ status: 400, code: 'invalid-parameter' });
  });

  it('suspends a tenant within two seconds at the data plane, keeps its data, and resumes it', async () => {
    const { key } = await service.createKey(tenant, ['data:read']);
    await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'kept' } });
    const { directory, close } = await openDirectory();
    try {
      expect(await codeOf(directory, key)).toBe('ok');
      const path = `/tenants/${tenant.organizationId}`;
      const suspended = await ask('POST', `${path}/suspend`, { reason: 'abuse of the service' });
      expect([suspended.status, suspended.body['suspension']]).toEqual([
        200,
        { reason: 'abuse of the service', suspendedBy: OPERATOR.email, suspendedAt: expect.any(String) },
      ]);
      await until(async () => (await codeOf(directory, key)) === 'tenant-suspended', 2_000);
      const again = await ask('POST', `${path}/suspend`, { reason: 'another' });
      expect(again.body['suspension']).toEqual(suspended.body['suspension']);
      const { body } = await service.call('GET', '/v1/databases/kept', { token: tenant.token });
      expect(body['name']).toBe('kept');
      const resumed = await ask('POST', `${path}/resume`);
      expect([resumed.status, resumed.body['suspension']]).toEqual([200, null]);
      expect((await ask('POST', `${path}/resume`)).status).toBe(200);
      await until(async () => (await codeOf(directory, key)) === 'ok');
    } finally {
      await close();
    }
  });

  it('tells the bucket of revoked keys within five seconds, whoever revoked them', async () => {
    const { id } = await service.createKey(tenant, ['data:read']);
    const log = new RevocationLog({ store, clock: systemClock, random: seededRandom(2) });
    await service.metadata.apiKeys.revoke(tenant.organizationId, id);
    await until(async () => (await log.find()).keys.some((key) => key.id === id), 5_000);
  });

  it('tells the bucket of removed identity providers within five seconds', async () => {
    const settings = { issuer: 'https://idp.example.com/', audience: 'a', jwksUrl: 'https://idp.example.com/keys' };
    const json = { ...settings, mapping: { database: 'customer-{org}', scopes: ['data:read'] } };
    const put = (name: string) =>
      service
        .call('PUT', `/v1/identity-providers/${name}`, { token: tenant.token, json })
        .then(({ body }) => body['id']);
    const [gone, kept] = [await put('gone'), await put('kept')];
    await service.call('DELETE', '/v1/identity-providers/gone', { token: tenant.token });
    const log = new RevocationLog({ store, clock: systemClock, random: seededRandom(5) });
    const told = async () => (await log.find()).providers.map(({ id }) => id);
    await until(async () => (await told()).includes(String(gone)), 5_000);
    expect(await told()).not.toContain(kept);
  });

  it('goes on behind states that are damaged, with what Postgres has copied of them', async () => {
    const other = await service.signUp();
    await ask('POST', `/tenants/${other.organizationId}/suspend`, { reason: 'abuse' });
    const log = new RevocationLog({ store, clock: systemClock, random: seededRandom(6) });
    const { number } = await log.find();
    await store.delete(bucketLayout.revocation(number));
    await store.put(bucketLayout.revocation(number), utf8('damaged'), 'create');
    await service.restart();
    await until(async () => {
      const found = await log.follow().catch(() => log.find());
      return found.number > number && found.suspended.some(({ tenantId }) => tenantId === other.organizationId);
    });
    expect((await ask('POST', `/tenants/${other.organizationId}/resume`)).body['suspension']).toBe(null);
  });

  it('learns of what was suspended in the bucket past it', async () => {
    const other = await service.signUp();
    const log = new RevocationLog({ store, clock: systemClock, random: seededRandom(3) });
    await log.append(suspension(other.organizationId as TenantId, 'while Postgres was down', 'cli'));
    const shown = async () => (await ask('GET', `/tenants/${other.organizationId}`)).body['suspension'];
    await until(async () => (await shown()) !== null);
    expect(await shown()).toMatchObject({ reason: 'while Postgres was down', suspendedBy: 'cli' });
  });

  it('begins with the log of another bucket, which is not as far, and resumes nobody by that', async () => {
    const [before, since] = [await service.signUp(), await service.signUp()];
    await ask('POST', `/tenants/${before.organizationId}/suspend`, { reason: 'by the former bucket' });
    const another = await TestBucket.start();
    const shown = async ({ organizationId }: Tenant) =>
      (await ask('GET', `/tenants/${organizationId}`)).body['suspension'];
    await service.restart(another.env);
    try {
      const log = new RevocationLog({ store: another.store, clock: systemClock, random: seededRandom(8) });
      const [number] = (await service.metadata.prisma.revocationProgress.findMany()).map((row) => Number(row.number));
      expect(number).toBeGreaterThan(1);
      await log.append(suspension(since.organizationId as TenantId, 'by the present one', 'cli'));
      await until(async () => (await shown(since)) !== null, 40_000);
      expect(await shown(before)).toMatchObject({ reason: 'by the former bucket' });
      await log.append(resumption(since.organizationId as TenantId));
      await until(async () => (await shown(since)) === null, 40_000);
      expect(await shown(before)).toMatchObject({ reason: 'by the former bucket' });
      expect((await ask('POST', `/tenants/${before.organizationId}/resume`)).body['suspension']).toBe(null);
    } finally {
      await service.restart();
      await another.close();
    }
  });

  it('changes nothing while the bucket does not answer', async () => {
    await service.restart({ S3_ENDPOINT: 'http://127.0.0.1:9' });
    try {
      const answer = await ask('POST', `/tenants/${tenant.organizationId}/suspend`, { reason: 'abuse' });
      expect(answer.status).toBe(503);
      expect((await ask('GET', `/tenants/${tenant.organizationId}`)).body['suspension']).toBe(null);
    } finally {
      await service.restart();
    }
  });

  it('suspends in Postgres alone where it is told of no bucket, and says that workers cannot be seen', async () => {
    await service.restart({ S3_BUCKET: '' });
    try {
      const path = `/tenants/${tenant.organizationId}`;
      const suspended = await ask('POST', `${path}/suspend`, { reason: 'abuse' });
      expect(suspended.body['suspension']).toMatchObject({ reason: 'abuse' });
      expect((await ask('POST', `${path}/resume`)).body['suspension']).toBe(null);
      expect((await ask('GET', '/workers')).body).toMatchObject({ status: 503, code: 'unavailable' });
    } finally {
      await service.restart();
    }
  });

  it('ends in Postgres no suspension but the one that is resumed, of whatever bucket that was', async () => {
    const { suspensions, prisma } = service.metadata;
    const { organizationId } = tenant;
    await ask('POST', `/tenants/${organizationId}/suspend`, { reason: 'since' });
    const number = Number((await suspensions.of(organizationId))?.number);
    for (const other of [number - 1, null]) await suspensions.resume({ organizationId, number: other });
    expect(await suspensions.of(organizationId)).toMatchObject({ number, reason: 'since' });
    await prisma.organizationSuspension.update({ where: { organizationId }, data: { number: number + 1_000 } });
    expect((await ask('POST', `/tenants/${organizationId}/resume`)).body['suspension']).toBe(null);
  });

  it('finds tenants by a part of the name, by address and by id, page by page', async () => {
    const email = tenant.email;
    const search = async (text: string) => {
      const { body } = await ask('GET', `/tenants?search=${encodeURIComponent(text)}`);
      return (body['tenants'] as { id: string }[]).map(({ id }) => id);
    };
    expect(await search(email.toUpperCase())).toEqual([tenant.organizationId]);
    expect(await search(tenant.organizationId)).toEqual([tenant.organizationId]);
    expect(await search('tENANT 1')).toContain(tenant.organizationId);
    for (const nothing of ['%', '_enant 1', "' OR 1=1", 'nobody at all'])
      expect([nothing, await search(nothing)]).toEqual([nothing, []]);
    const seen: string[] = [];
    let cursor: unknown = '';
    while (cursor !== null) {
      const { body, text, status } = await ask(
        'GET',
        `/tenants?limit=1${cursor === '' ? '' : `&cursor=${String(cursor)}`}`,
      );
      expect([status, text]).toEqual([200, text]);
      for (const { id } of body['tenants'] as { id: string }[]) seen.push(id);
      cursor = body['cursor'];
    }
    expect(seen).toEqual([...seen].sort());
    expect(seen.length).toBe(await service.metadata.prisma.organization.count());
  });

  it('shows a tenant with its people, its plan and what it uses, and no secret', async () => {
    const { body, text } = await ask('GET', `/tenants/${tenant.organizationId}`);
    expect(body).toMatchObject({
      id: tenant.organizationId,
      members: [{ email: tenant.email, role: 'owner' }],
      plan: { id: 'free' },
      used: { databases: 1 },
      apiKeys: expect.any(Number),
    });
    expect(text).not.toMatch(/hash|secret|password/i);
    expect((await ask('GET', '/tenants/nobody')).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await ask('POST', '/tenants/nobody/resume')).status).toBe(404);
    expect((await ask('POST', '/tenants/nobody/suspend', { reason: 'x' })).status).toBe(404);
  });

  it('shows the sessions of workers as the bucket tells of them', async () => {
    const ids = new UlidSource(systemClock, seededRandom(4));
    const session = () => ids.next() as SessionId;
    const [live, sealed, broken] = [session(), session(), session()];
    const base = {
      endpoint: 'http://10.0.0.1:1',
      pid: 7,
      host: 'w',
      ttlMs: 60_000,
      floor: 3,
      rollups: [],
      trail: { edits: 1, nonces: ['0'.repeat(32)] },
    };
    const put = (id: SessionId, body: Uint8Array) => store.put(bucketLayout.session(id), body, 'create');
    await put(live, encodeSessionRecord({ ...base, sessionId: live, state: 'live' }));
    await put(sealed, encodeSessionRecord({ ...base, sessionId: sealed, state: 'sealed' }));
    await put(broken, utf8('nonsense'));
    const first = await ask('GET', '/workers?limit=2');
    expect(first.body['workers']).toMatchObject([
      { session: live, state: 'live', endpoint: 'http://10.0.0.1:1', host: 'w', pid: 7, logFloor: 3, rollups: 0 },
      { session: sealed, state: 'sealed' },
    ]);
    const second = await ask('GET', `/workers?limit=2&cursor=${String(first.body['cursor'])}`);
    expect([second.body['workers'], second.body['cursor']]).toMatchObject([
      [{ session: broken, state: 'unreadable' }],
      null,
    ]);
    expect((await ask('GET', '/workers?cursor=YQ')).body).toMatchObject({ status: 400, code: 'invalid-cursor' });
  });

  it('counts jobs, shows those that failed, and lets them run again', async () => {
    const queueStore = queueStoreFrom({ DATABASE_URL: service.databaseUrl });
    let mend = false;
    let ran = 0;
    const fail = () => (mend ? Promise.resolve(void ran++) : Promise.reject(new Error('the bucket is full')));
    const handlers = Object.fromEntries(jobKinds().map((kind) => [kind, fail])) as unknown as JobHandlers;
    const workers = await runJobWorkers(handlers, { store: queueStore, clock: systemClock, log: quiet });
    const queues = new JobQueues({ store: queueStore, clock: systemClock, log: quiet }, { attempts: 1 });
    try {
      queues.enqueueCompaction('0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as never);
      const failed = async () => (await ask('GET', '/jobs/compact/failed')).body['jobs'] as { id: string }[];
      await until(async () => (await failed()).length === 1, 20_000);
      const [job] = await failed();
      expect(job).toMatchObject({ reason: 'the bucket is full', payload: { databaseId: expect.any(String) } });
      const { body } = await ask('GET', '/jobs');
      expect(body['jobs']).toContainEqual({ kind: 'compact', waiting: 0, active: 0, delayed: 0, failed: 1 });
      mend = true;
      // Of two at once one lets it run.
      const twice = await Promise.all([1, 2].map(() => ask('POST', `/jobs/compact/failed/${job!.id}/retry`)));
      expect(twice.map(({ status }) => status).sort()).toEqual([204, 404]);
      await until(() => ran === 1, 20_000);
      expect((await ask('POST', `/jobs/compact/failed/${job!.id}/retry`)).status).toBe(404);
      for (const path of ['/jobs/nonsense/failed/1/retry', '/jobs/compact/failed/..%2f/retry']) {
        expect([path, (await ask('POST', path)).status]).toEqual([path, 404]);
      }
      expect((await ask('GET', '/jobs/nonsense/failed')).status).toBe(404);
    } finally {
      await queues.close();
      await workers.close(1_000);
    }
  });

  it('is for operators alone, by session', async () => {
    const { key } = await service.createKey(tenant, [
      'data:read',
      'data:write',
      'db:create',
      'db:admin',
      'keys:admin',
      'usage:read',
    ]);
    const id = tenant.organizationId;
    for (const token of [tenant.token, key]) {
      for (const [method, path, json] of [
        ['GET', '/tenants', undefined],
        ['GET', `/tenants/${id}`, undefined],
        ['POST', `/tenants/${id}/suspend`, { reason: 'x' }],
        ['POST', `/tenants/${id}/resume`, undefined],
        ['GET', '/workers', undefined],
        ['GET', '/workers/01jd4zq0s8c3k5m7p9r1t3v5x7', undefined],
        ['GET', '/workers/01jd4zq0s8c3k5m7p9r1t3v5x7/databases', undefined],
        ['GET', '/databases/00000000-0000-4000-8000-000000000000/lease', undefined],
        ['GET', '/jobs', undefined],
        ['GET', '/jobs/compact/failed', undefined],
        ['POST', '/jobs/compact/failed/1/retry', undefined],
      ] as const) {
        const { status, body } = await ask(method, path, json, token);
        expect([method, path, status, body['code']]).toEqual([method, path, 403, 'forbidden']);
      }
    }
    expect((await service.call('GET', '/v1/admin/tenants')).status).toBe(401);
    expect((await ask('GET', `/tenants/${id}`)).body['suspension']).toBe(null);
  });
});
