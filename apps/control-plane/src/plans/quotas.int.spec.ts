import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';

import { TestGateway } from '../testing/test-gateway.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('the quotas of an organization', () => {
  let service: TestService;
  let tenant: Tenant;

  const read = (token: string) => service.call('GET', '/v1/quotas', { token });
  const create = (name: string) => service.call('POST', '/v1/databases', { token: tenant.token, json: { name } });

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
  });
  afterAll(() => service.close());

  it('are told with its plan and what is used, to every member and to keys that may look at usage', async () => {
    const { key } = await service.createKey(tenant, ['usage:read']);
    for (const token of [tenant.token, key]) {
      const { status, body } = await read(token);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        plan: { id: 'free', name: 'Free' },
        limits: { databases: null, requestsPerSecond: null },
        used: { databases: 0 },
      });
    }
    const { key: other } = await service.createKey(tenant, ['data:read', 'data:write', 'db:create', 'keys:admin']);
    expect((await read(other)).body).toMatchObject({ status: 403, requiredScope: 'usage:read' });
    const { key: confined } = await service.createKey(tenant, ['usage:read'], { databases: ['a'] });
    expect((await read(confined)).body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('refuse the database that would be one too many, in a race as well, and say which quota it was', async () => {
    await service.metadata.plans.agree(tenant.organizationId, { databases: 20 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => create(`database-${n}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const { body } of refused) {
      expect(body).toMatchObject({ status: 429, code: 'quota-exceeded', quota: 'databases', limit: 20 });
    }
    expect((await read(tenant.token)).body['used']).toMatchObject({ databases: 20 });
    await service.metadata.plans.agree(tenant.organizationId, { databases: 21 });
    expect([(await create('one-more')).status, (await create('too-many')).status]).toEqual([201, 429]);
  });

  it('are changed by operators, and by nobody else', async () => {
    const { token, organizationId } = tenant;
    const path = `/v1/admin/tenants/${organizationId}/quotas`;
    const { key } = await service.createKey(tenant, ['data:read', 'db:admin', 'keys:admin', 'usage:read']);
    const patch = (bearer: string, json: object, at = path) => service.call('PATCH', at, { token: bearer, json });
    for (const bearer of [token, key]) {
      const answers = [
        await patch(bearer, { databases: 1_000 }),
        await service.call('GET', path, { token: bearer }),
        await service.call('PUT', '/v1/admin/plans/free', { token: bearer, json: { name: 'F', databases: 1_000 } }),
      ];
      expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(Array(3).fill([403, 'forbidden']));
    }
    const operator = await service.signUp();
    await service.metadata.prisma.user.updateMany({ where: { email: operator.email }, data: { role: 'admin' } });
    const asOperator = (json: object, at?: string) => patch(operator.token, json, at);
    const plan = { name: 'Pro', requestsPerSecond: 500, storageBytes: 2 ** 40 };
    expect((await service.call('PUT', '/v1/admin/plans/pro', { token: operator.token, json: plan })).status).toBe(200);
    const { status, body } = await asOperator({ plan: 'pro', databases: 30, storageBytes: null });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      plan: { id: 'pro', name: 'Pro' },
      limits: { databases: 30, requestsPerSecond: 500, storageBytes: 2 ** 40 },
    });
    expect((await service.call('GET', path, { token: operator.token })).body).toEqual(body);
    expect((await read(token)).body).toEqual(body);
    for (const [json, at, expected] of [
      [{ plan: 'none' }, path, 404],
      [{ databases: 1 }, '/v1/admin/tenants/nobody/quotas', 404],
      [{ databases: 1 }, '/v1/admin/tenants/%00/quotas', 404],
      [{}, path, 400],
      [{ databases: -1 }, path, 400],
      [{ requestsPerSecond: 0 }, path, 400],
      [{ storageBytes: 2 ** 60 }, path, 400],
      [{ plan: '' }, path, 400],
      [{ databases: '1' }, path, 400],
      [{ others: 1 }, path, 400],
    ] as const) {
      expect([json, (await asOperator(json, at)).status]).toEqual([json, expected]);
    }
    expect((await asOperator({ plan: 'free', databases: null })).body).toMatchObject({ limits: { databases: null } });
  });

  it('are with the gateways within two seconds, those of a plan as well', async () => {
    const gateway = await TestGateway.open(service.databaseUrl);
    const known = async () =>
      (await gateway.directory.tenant(tenant.organizationId as TenantId))?.quotas?.requestsPerSecond;
    const arrives = (wanted: number) => gateway.hears(async () => (await known()) === wanted);
    try {
      expect(await known()).toBeUndefined();
      await service.metadata.plans.put('free', 'Free', { requestsPerSecond: 70 });
      await arrives(70);
      await service.metadata.plans.agree(tenant.organizationId, { requestsPerSecond: 80 });
      await arrives(80);
    } finally {
      await gateway.close();
    }
  });
});
