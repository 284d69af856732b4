import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';

import { TestGateway } from '../testing/test-gateway.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const ORIGINS = { origins: ['https://app.example.com', 'http://localhost:3000'] };

describe('the origins of an organization', () => {
  let service: TestService;
  let tenant: Tenant;

  const write = (token: string, json: object = ORIGINS) => service.call('PUT', '/v1/cors', { token, json });
  const read = (token: string) => service.call('GET', '/v1/cors', { token });

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
  });
  afterAll(() => service.close());

  it('are none at first, and then as they were written last', async () => {
    expect((await read(tenant.token)).body).toEqual({ origins: [] });
    for (const origins of [ORIGINS, { origins: ['*'] }, { origins: [] }, ORIGINS]) {
      expect((await write(tenant.token, origins)).body).toEqual(origins);
      expect((await read(tenant.token)).body).toEqual(origins);
    }
  });

  it('are for administrators of databases, and members may look', async () => {
    const { key } = await service.createKey(tenant, ['db:admin']);
    expect([(await write(key)).status, (await read(key)).status]).toEqual([200, 200]);
    const { key: other } = await service.createKey(tenant, ['data:read', 'data:write', 'db:create', 'keys:admin']);
    for (const answer of [await write(other), await read(other)]) {
      expect([answer.status, answer.body['requiredScope']]).toEqual([403, 'db:admin']);
    }
    const member = await service.signUp();
    const where = { organizationId: member.organizationId };
    await service.metadata.prisma.member.updateMany({ where, data: { role: 'viewer' } });
    expect([(await write(member.token)).body['code'], (await read(member.token)).status]).toEqual(['forbidden', 200]);
  });

  it('are with the gateways within two seconds', async () => {
    const gateway = await TestGateway.open(service.databaseUrl);
    try {
      const known = async () => (await gateway.directory.tenant(tenant.organizationId as TenantId))?.corsOrigins;
      await write(tenant.token, { origins: [] });
      expect(await known()).toEqual(new Set());
      await write(tenant.token);
      await gateway.hears(async () => (await known())?.size !== 0);
      expect(await known()).toEqual(new Set(ORIGINS.origins));
      expect(await gateway.directory.tenant('nobody' as TenantId)).toBeUndefined();
    } finally {
      await gateway.close();
    }
  });
});
