import { createHash } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_IDEMPOTENCY_KEYS, runKeyed } from '@leasehold/metadata';

import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('a request with an Idempotency-Key', () => {
  let service: TestService;
  let tenant: Tenant;
  let number = 0;
  let key: string;

  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.close());
  beforeEach(async () => {
    tenant = await service.signUp();
    key = `key-${++number}`;
  });

  const post = (path: string, json: object, more: { token?: string; key?: string } = {}) =>
    service.call('POST', path, {
      token: more.token ?? tenant.token,
      json,
      headers: { 'idempotency-key': more.key ?? key },
    });
  const create = (name: string, more = {}) => post('/v1/databases', { name }, more);
  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];
  const replayed = (answer: Answer) => answer.headers.get('idempotency-replayed');
  const rows = () => service.metadata.prisma.idempotencyKey;
  const databases = () => service.metadata.prisma.database.count({ where: { organizationId: tenant.organizationId } });

  it('is answered as the first time, and applied once', async () => {
    const first = await create('main');
    const second = await create('main');
    expect([told(first), replayed(first)]).toEqual([[201, 'ok'], null]);
    expect([second.status, replayed(second)]).toEqual([201, 'true']);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(await databases()).toBe(1);
  });

  it('is answered as the first time also where the answer has no body', async () => {
    const { id } = await service.createKey(tenant, ['data:read']);
    const revoke = () =>
      service.call('DELETE', `/v1/keys/${id}`, { token: tenant.token, headers: { 'idempotency-key': key } });
    const [first, second] = [await revoke(), await revoke()];
    expect([first.status, second.status, second.text, replayed(second)]).toEqual([204, 204, '', 'true']);
  });

  it('makes one key, whose secret is shown once and stored nowhere', async () => {
    const make = () => post('/v1/keys', { name: 'k', scopes: ['data:read'] });
    const [first, second] = [await make(), await make()];
    expect(first.body['key']).toMatch(/^lh_/);
    expect(second.body).toEqual({ ...first.body, key: null });
    expect(await service.metadata.prisma.apiKey.count({ where: { organizationId: tenant.organizationId } })).toBe(1);
    const kept = await rows().findMany();
    expect(JSON.stringify(kept, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value))).not.toContain(
      String(first.body['key']),
    );
  });

  it('is refused under a key that was for another one', async () => {
    await create('main');
    expect(told(await create('other'))).toEqual([422, 'idempotency-key-reused']);
    expect(told(await post('/v1/keys', { name: 'main' }))).toEqual([422, 'idempotency-key-reused']);
    expect(await databases()).toBe(1);
  });

  it('is of its caller: others have the same key for themselves', async () => {
    const other = await service.signUp();
    const { key: program } = await service.createKey(tenant, ['db:create']);
    const answers = [await create('main'), await create('mine', { token: program }), await create('main', other)];
    expect(answers.map(told)).toEqual(Array(3).fill([201, 'ok']));
    expect(answers.map(replayed)).toEqual([null, null, null]);
  });

  it('is applied once when it comes many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('main')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
    expect(answers.filter((answer) => answer.status === 201 && replayed(answer) === null)).toHaveLength(1);
    expect(answers.filter(({ body }) => body['code'] === 'database-exists')).toEqual([]);
    expect(await databases()).toBe(1);
  });

  it('leaves its key free when it was refused', async () => {
    expect(told(await create('Not A Name'))).toEqual([400, 'invalid-database-name']);
    expect(await rows().count({ where: { key } })).toBe(0);
    expect(told(await create('a-name'))).toEqual([201, 'ok']);
  });

  it('waits for one whose process is gone, and then takes its place', async () => {
    const request = await claimed('main');
    expect(told(await create('main'))).toEqual([409, 'conflict']);
    await rows().update({ where: { id: request.id }, data: { claimedAt: new Date(0) } });
    expect(told(await create('main'))).toEqual([201, 'ok']);
    // The other one lives after all, and is too late.
    const late = runKeyed(request, () => service.metadata.databases.create(tenant.organizationId, 'late', {}));
    await expect(late).rejects.toMatchObject({ kind: 'conflict' });
    expect(await databases()).toBe(1);
  });

  it('is not applied again when the process died between the change and its answer', async () => {
    const request = await claimed('main');
    await runKeyed(request, () => service.metadata.databases.create(tenant.organizationId, 'main', {}));
    await rows().update({ where: { id: request.id }, data: { claimedAt: new Date(0) } });
    for (let again = 0; again < 2; again++) {
      const answer = await create('main');
      expect([told(answer), answer.body['applied']]).toEqual([[409, 'conflict'], true]);
    }
    expect(await databases()).toBe(1);
  });

  it('is not called applied when its transaction was rolled back', async () => {
    const request = await claimed('main');
    const { databases: repository } = service.metadata;
    await repository.create(tenant.organizationId, 'taken', {});
    await expect(runKeyed(request, () => repository.create(tenant.organizationId, 'taken', {}))).rejects.toThrow();
    expect(await rows().findUnique({ where: { id: request.id } })).toMatchObject({ changed: false });
    await rows().update({ where: { id: request.id }, data: { claimedAt: new Date(0) } });
    expect(told(await create('main'))).toEqual([201, 'ok']);
  });

  it('is another one after a day', async () => {
    await create('main');
    const past = new Date(Date.now() - 25 * 3_600_000);
    await rows().updateMany({ where: { key }, data: { createdAt: past } });
    expect(told(await create('other'))).toEqual([201, 'ok']);
    await rows().updateMany({ where: { key }, data: { createdAt: past } });
    expect(await service.metadata.idempotencyKeys.prune()).toBeGreaterThan(0);
    expect(await rows().count({ where: { key } })).toBe(0);
  });

  it('is refused beyond the number of keys that a caller may have, and works without', async () => {
    const { prisma } = service.metadata;
    const { id } = await prisma.user.findUniqueOrThrow({ where: { email: tenant.email } });
    await prisma.$executeRaw`
      INSERT INTO idempotency_keys (organization_id, principal, key, digest)
      SELECT ${tenant.organizationId}, ${`user:${id}`}, 'full-' || n, '\\x00' FROM generate_series(1, ${MAX_IDEMPOTENCY_KEYS}) n`;
    expect(told(await create('main'))).toEqual([429, 'idempotency-keys-exhausted']);
    const without = await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'main' } });
    expect(told(without)).toEqual([201, 'ok']);
  });

  it.each([
    ['nothing in it', ''],
    ['a blank', 'a b'],
    ['too many characters', 'x'.repeat(256)],
  ])('is refused when its key has %s', async (_what, wrong) => {
    expect(told(await create('main', { key: wrong }))).toEqual([400, 'invalid-idempotency-key']);
  });

  it('is refused where the route does not know who calls', async () => {
    const answer = await post('/v1/login', { email: tenant.email, password: tenant.password });
    expect(told(answer)).toEqual([400, 'unsupported-header']);
  });

  it('is not kept from the walls: who may not call is refused first', async () => {
    await create('main');
    const answer = await service.call('POST', '/v1/databases', {
      json: { name: 'main' },
      headers: { 'idempotency-key': key },
    });
    expect(told(answer)).toEqual([401, 'unauthenticated']);
  });

  /** As if a process had claimed the key for this very request, and done no more. */
  async function claimed(name: string) {
    const { id } = await service.metadata.prisma.user.findUniqueOrThrow({ where: { email: tenant.email } });
    const body = Buffer.from(JSON.stringify({ name }));
    const meaning = [null, null, null];
    const digest = createHash('sha256')
      .update(JSON.stringify(['POST', '/v1/databases', meaning, body.byteLength]))
      .update(body)
      .digest()
      .subarray(0, 16);
    const use = { organizationId: tenant.organizationId, principal: `user:${id}`, key, digest };
    const claim = await service.metadata.idempotencyKeys.claim(use);
    if (claim.kind !== 'claimed') throw new Error(`the claim came to this: ${claim.kind}`);
    return claim.request;
  }
});
