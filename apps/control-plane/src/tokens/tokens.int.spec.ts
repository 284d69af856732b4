import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TestGateway } from '../testing/test-gateway.js';
import { newSigningKey, TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const BODY = { database: 'main', scopes: ['data:read'], ttlSeconds: 60 };

describe('short-lived tokens', () => {
  let service: TestService;
  let tenant: Tenant;
  let databaseId: string;
  let gateway: TestGateway;

  const mint = (token: string, more: object = {}) =>
    service.call('POST', '/v1/tokens', { token, json: { ...BODY, ...more } });
  const codeOf = (token: unknown) => gateway.codeOf(String(token));

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    const created = await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'main' } });
    databaseId = String(created.body['id']);
    gateway = await TestGateway.open(service.databaseUrl);
  });
  afterAll(async () => {
    await gateway.close();
    await service.close();
  });

  it('made with a key are taken by a gateway at once, for what they were made for', async () => {
    const { key, id } = await service.createKey(tenant, ['data:read', 'data:write']);
    const { status, body, headers } = await mint(key, { prefix: 'users/1/' });
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    const leftMs = Date.parse(String(body['expiresAt'])) - Date.now();
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThanOrEqual(61_000);
    expect(await gateway.directory.authenticate(String(body['token']))).toEqual({
      keyId: id,
      tenantId: tenant.organizationId,
      scopes: new Set(['data:read']),
      grant: { database: { id: databaseId, name: 'main' }, keyPrefix: Buffer.from('users/1/') },
    });
  });

  it('made by a person have no key, and hold any bytes as prefix', async () => {
    const { body } = await mint(tenant.token, { prefix64: 'AP8' });
    const { keyId, grant } = await gateway.directory.authenticate(String(body['token']));
    expect([keyId, grant?.keyPrefix]).toEqual([undefined, Buffer.from([0, 255])]);
  });

  it('never may more than the key that makes them', async () => {
    const { key } = await service.createKey(tenant, ['data:read', 'keys:admin']);
    expect((await mint(key)).status).toBe(201);
    const more = await mint(key, { scopes: ['data:read', 'data:write'] });
    expect([more.status, more.body]).toMatchObject([403, { code: 'insufficient-scope', requiredScope: 'data:write' }]);
    const { key: admin } = await service.createKey(tenant, ['keys:admin', 'db:admin']);
    expect((await mint(admin)).body['code']).toBe('insufficient-scope');
  });

  it('are for people who make databases', async () => {
    const { prisma } = service.metadata;
    for (const [role, told] of [
      ['viewer', 'forbidden'],
      ['developer', undefined],
      ['owner', undefined],
    ] as const) {
      await prisma.member.updateMany({ where: { organizationId: tenant.organizationId }, data: { role } });
      expect([role, (await mint(tenant.token)).body['code']]).toEqual([role, told]);
    }
  });

  it('end no later than the key that makes them', async () => {
    const expiresAt = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 20_000).toISOString();
    const json = { name: 'short', scopes: ['data:read'], expiresAt };
    const { body } = await service.call('POST', '/v1/keys', { token: tenant.token, json });
    expect((await mint(String(body['key']))).body['expiresAt']).toBe(expiresAt);
  });

  it('end with the revocation of their key, within two seconds', async () => {
    const { key, id } = await service.createKey(tenant, ['data:read']);
    const { token } = (await mint(key)).body;
    expect(await codeOf(token)).toBe('ok');
    await service.call('DELETE', `/v1/keys/${id}`, { token: tenant.token });
    await gateway.hears(async () => (await codeOf(token)) === 'invalid-token');
    expect((await mint(key)).body['code']).toBe('invalid-api-key');
  });

  it('are no way into the control plane', async () => {
    const { token } = (await mint(tenant.token)).body;
    for (const path of ['/v1/me', '/v1/databases', '/v1/keys', '/v1/cors']) {
      expect((await service.call('GET', path, { token: String(token) })).body['code']).toBe('unauthenticated');
    }
    expect((await mint(String(token))).body['code']).toBe('unauthenticated');
  });

  it('live on when the signing key changes, and not when it changes once more', async () => {
    const { token: first } = (await mint(tenant.token)).body;
    expect(await codeOf(first)).toBe('ok');
    await service.restart({ TOKEN_SIGNING_KEY: newSigningKey() });
    const { token: second } = (await mint(tenant.token)).body;
    expect([await codeOf(first), await codeOf(second)]).toEqual(['ok', 'ok']);
    await service.restart({ TOKEN_SIGNING_KEY: newSigningKey() });
    await gateway.hears(async () => (await codeOf(first)) === 'invalid-token');
    expect(await codeOf(second)).toBe('ok');
  });
});
