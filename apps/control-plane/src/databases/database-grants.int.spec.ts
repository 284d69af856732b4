import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PostgresDirectorySource } from '@leasehold/directory';
import type { TenantId } from '@leasehold/foundation';
import { MAX_GRANTS } from '@leasehold/metadata';

import { TestGateway } from '../testing/test-gateway.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('a database that is shared', () => {
  let service: TestService;
  let owner: Tenant;
  let friend: Tenant;
  let id: string;
  let sharedName: string;

  beforeAll(async () => {
    service = await TestService.start();
    owner = await service.signUp();
    friend = await service.signUp();
    const created = await service.call('POST', '/v1/databases', { token: owner.token, json: { name: 'orders' } });
    id = String(created.body['id']);
    const { slug } = await service.metadata.prisma.organization.findUniqueOrThrow({
      where: { id: owner.organizationId },
    });
    sharedName = `${slug}~orders`;
  });
  afterAll(() => service.close());

  const grant = (access: string, token = owner.token, organizationId = friend.organizationId) =>
    service.call('POST', '/v1/databases/orders/grants', { token, json: { organizationId, access } });
  const revoke = (organizationId = friend.organizationId) =>
    service.call('DELETE', `/v1/databases/orders/grants/${organizationId}`, { token: owner.token });
  const shared = async (token = friend.token) =>
    (await service.call('GET', '/v1/shared-databases', { token })).body['databases'];

  it('is told to both sides, and granted anew in place of before', async () => {
    expect((await grant('read')).body).toMatchObject({ organizationId: friend.organizationId, access: 'read' });
    expect(await shared()).toMatchObject([{ name: sharedName, access: 'read' }]);
    expect((await grant('write')).status).toBe(201);
    const { body } = await service.call('GET', `/v1/databases/${id}/grants`, { token: owner.token });
    expect(body['grants']).toMatchObject([{ organizationId: friend.organizationId, access: 'write' }]);
    expect(await shared(owner.token)).toEqual([]);
    expect((await revoke()).status).toBe(204);
    expect([(await revoke()).body['code'], await shared()]).toEqual(['not-found', []]);
  });

  it('is shared with other organizations that there are, by those who decide about people and keys', async () => {
    for (const nobody of ['01hzzzzzzzzzzzzzzzzzzzzzzz', owner.organizationId]) {
      expect((await grant('read', owner.token, nobody)).body).toMatchObject({ status: 404, code: 'not-found' });
    }
    const { key: admin } = await service.createKey(owner, ['db:admin']);
    const { key: prefixed } = await service.createKey(owner, ['db:admin'], { prefix: 'a/' });
    const { key: elsewhere } = await service.createKey(owner, ['db:admin'], { databases: ['other'] });
    const { key: creator } = await service.createKey(owner, ['db:create', 'data:write']);
    expect((await grant('read', admin)).status).toBe(201);
    expect((await grant('read', prefixed)).body['code']).toBe('forbidden');
    expect((await grant('read', elsewhere)).body['code']).toBe('database-not-found');
    expect((await grant('read', creator)).body['code']).toBe('insufficient-scope');
    const where = { organizationId: owner.organizationId };
    await service.metadata.prisma.member.updateMany({ where, data: { role: 'developer' } });
    expect((await grant('read')).body['code']).toBe('forbidden');
    await service.metadata.prisma.member.updateMany({ where, data: { role: 'owner' } });
    await revoke();
  });

  it('is listed page by page with the others, each once', async () => {
    const others: string[] = [];
    for (const name of ['b', 'a', 'c']) {
      const { body } = await service.call('POST', '/v1/databases', { token: owner.token, json: { name } });
      const databaseId = String(body['id']);
      others.push(databaseId);
      const data = { databaseId, organizationId: friend.organizationId, access: 'read' };
      await service.metadata.prisma.databaseGrant.create({ data });
    }
    const list = (query: string) => service.call('GET', `/v1/shared-databases${query}`, { token: friend.token });
    const namesOf = (body: Record<string, unknown>) =>
      (body['databases'] as { name: string }[]).map(({ name }) => name);
    const all = namesOf((await list('')).body);
    expect(all).toEqual(['a', 'b', 'c'].map((name) => sharedName.replace('orders', name)));
    const names: string[] = [];
    let cursor: unknown = '';
    for (let page = 0; page < 3; page++) {
      const { body } = await list(`?limit=1${cursor === '' ? '' : `&cursor=${String(cursor)}`}`);
      names.push(...namesOf(body));
      cursor = body['cursor'];
    }
    expect([names.sort(), cursor]).toEqual([all, null]);
    expect((await list('?cursor=YQ')).body).toMatchObject({ status: 400, code: 'invalid-cursor' });
    await service.metadata.prisma.databaseGrant.deleteMany({ where: { databaseId: { in: others } } });
  });

  it('has so many grants and no more', async () => {
    const data = Array.from({ length: MAX_GRANTS }, (_, n) => ({
      id: `other-${n}`,
      name: 'Other',
      slug: `other-${n}`,
    }));
    await service.metadata.prisma.organization.createMany({ data });
    const grants = data.map((other) => ({ databaseId: id, organizationId: other.id, access: 'read' }));
    await service.metadata.prisma.databaseGrant.createMany({ data: grants });
    expect((await grant('read')).body).toMatchObject({ status: 429, code: 'quota-exceeded' });
    expect((await grant('write', owner.token, 'other-7')).status).toBe(201);
    await service.metadata.prisma.databaseGrant.deleteMany();
  });

  it('is with the gateways of both as it is granted, changed, revoked, deleted and brought back', async () => {
    const gateway = await TestGateway.open(service.databaseUrl);
    const { directory } = gateway;
    const known = async () => {
      const entry = await directory.database(friend.organizationId as TenantId, sharedName);
      return entry && [entry.id, entry.tenantId, entry.name, entry.access, entry.options?.maxBytes];
    };
    const becomes = (wanted: unknown) =>
      gateway.hears(async () => JSON.stringify(await known()) === JSON.stringify(wanted));
    const entry = (access: string, maxBytes?: number) => [id, owner.organizationId, 'orders', access, maxBytes];
    try {
      expect(await known()).toBeUndefined();
      await grant('read');
      await becomes(entry('read'));
      await grant('write');
      await becomes(entry('write'));
      const json = { sizeLimitBytes: 5 };
      await service.call('PATCH', `/v1/databases/${id}`, { token: owner.token, json });
      await becomes(entry('write', 5));
      await service.call('DELETE', `/v1/databases/${id}`, { token: owner.token });
      await becomes(undefined);
      expect(await shared()).toEqual([]);
      await service.call('POST', `/v1/databases/${id}/undelete`, { token: owner.token, json: {} });
      await becomes(entry('write', 5));
      expect(await directory.database('nobody' as TenantId, sharedName)).toBeUndefined();
      expect(await directory.database(friend.organizationId as TenantId, 'orders')).toBeUndefined();
      await revoke();
      await becomes(undefined);
    } finally {
      await gateway.close();
    }
  });

  it('is made by a first write at a gateway, once, and within the quota', async () => {
    const source = new PostgresDirectorySource(service.databaseUrl);
    try {
      const tenantId = friend.organizationId as TenantId;
      await service.metadata.plans.agree(tenantId, { databases: 2 });
      await Promise.all(Array.from({ length: 10 }, () => source.createDatabase(tenantId, 'written')));
      await source.createDatabase(tenantId, 'written-too');
      expect(await source.database(tenantId, 'written')).toMatchObject({ name: 'written', tenantId });
      const refused = source.createDatabase(tenantId, 'one-too-many');
      await expect(refused).rejects.toMatchObject({ kind: 'quota', code: 'quota-exceeded' });
      const { body } = await service.call('GET', '/v1/databases/written', { token: friend.token });
      expect(body).toMatchObject({ name: 'written', revision: 1 });
      await service.call('DELETE', '/v1/databases/written', { token: friend.token });
      await source.createDatabase(tenantId, 'written');
      expect((await source.database(tenantId, 'written'))?.id).not.toBe(body['id']);
    } finally {
      await source.close();
    }
  });
});
