import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MAX_IDENTITY_PROVIDERS } from '@leasehold/metadata';
import { OutboundClient } from '@leasehold/outbound';
import { SignJWT } from 'jose';

import { TestGateway } from '../testing/test-gateway.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const SETTINGS = {
  issuer: 'https://idp.example.com/',
  audience: 'leasehold',
  jwksUrl: 'https://idp.example.com/keys',
  mapping: { database: 'customer-{org}', prefix: 'users/{sub}/', scopes: ['data:read'] },
};

describe('the identity providers of an organization', () => {
  let service: TestService;
  let tenant: Tenant;
  let other: Tenant;

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    other = await service.signUp();
  });
  afterAll(() => service.close());

  const ask = (method: string, path: string, json?: object, token = tenant.token) =>
    service.call(method, `/v1/identity-providers${path}`, { token, ...(json && { json }) });

  it('are made, shown, changed under their id, and deleted', async () => {
    const made = await ask('PUT', '/login', SETTINGS);
    expect([made.status, made.body]).toEqual([
      200,
      {
        ...SETTINGS,
        id: expect.any(String),
        name: 'login',
        bearerPrefix: `lhi_${String(made.body['id'])}`,
        createdAt: expect.any(String),
      },
    ]);
    const changed = await ask('PUT', '/login', { ...SETTINGS, audience: 'another' });
    expect(changed.body).toEqual({ ...made.body, audience: 'another' });
    expect((await ask('GET', '/login')).body).toEqual(changed.body);
    expect((await ask('GET', '')).body).toEqual({ identityProviders: [changed.body] });
    expect((await ask('DELETE', '/login')).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await ask(method, '/login')).status).toBe(404);
  });

  it('of one organization are nothing to another, also under one name', async () => {
    const { body } = await ask('PUT', '/shared-name', SETTINGS);
    const absent = await ask('GET', '/missing', undefined, other.token);
    const foreign = await ask('GET', '/shared-name', undefined, other.token);
    expect([foreign.status, { ...foreign.body, requestId: '' }]).toEqual([404, { ...absent.body, requestId: '' }]);
    expect((await ask('DELETE', '/shared-name', undefined, other.token)).status).toBe(404);
    const theirs = await ask('PUT', '/shared-name', { ...SETTINGS, audience: 'theirs' }, other.token);
    expect(theirs.body['id']).not.toBe(body['id']);
    expect((await ask('GET', '/shared-name')).body).toEqual(body);
    await ask('DELETE', '/shared-name', undefined, other.token);
    expect((await ask('GET', '/shared-name')).body).toEqual(body);
    await ask('DELETE', '/shared-name');
  });

  it.each([
    ['a key set inside', { jwksUrl: 'https://169.254.169.254/latest' }],
    ['a key set inside, by a decimal number', { jwksUrl: 'https://2130706433/' }],
    ['a key set on this machine', { jwksUrl: 'http://127.0.0.1:5432/' }],
    ['a key set over plain http', { jwksUrl: 'http://idp.example.com/keys' }],
    ['a URL with a password', { jwksUrl: 'https://a:b@idp.example.com/keys' }],
    ['no mapping', { mapping: undefined }],
    ['a mapping to nothing', { mapping: { scopes: ['data:read'] } }],
    ['two claims', { mapping: { database: '{a}-{b}', scopes: ['data:read'] } }],
    ['a name that no database can have', { mapping: { database: 'Customer {org}', scopes: ['data:read'] } }],
    ['a prefix that another value outgrows', { mapping: { ...SETTINGS.mapping, prefix: 'users/{sub}' } }],
    ['an empty prefix', { mapping: { ...SETTINGS.mapping, prefix: '' } }],
    ['no scopes', { mapping: { database: '{org}', scopes: [] } }],
    ['scopes over keys', { mapping: { database: '{org}', scopes: ['keys:admin'] } }],
    ['no issuer', { issuer: ' ' }],
  ])('are not made with %s', async (_what, more) => {
    const { status, body } = await ask('PUT', '/wrong', { ...SETTINGS, ...more });
    expect([status, body['code']]).toEqual([400, 'invalid-body']);
    const [member] = Object.keys(more);
    expect(body['errors']).toEqual([expect.objectContaining({ member: expect.stringContaining(String(member)) })]);
    expect((await ask('GET', '/wrong')).status).toBe(404);
  });

  it('are so many and no more, in a race as well', async () => {
    const { token } = await service.signUp();
    const names = Array.from({ length: MAX_IDENTITY_PROVIDERS + 5 }, (_, n) => `/p-${n}`);
    const answers = await Promise.all(names.map((name) => ask('PUT', name, SETTINGS, token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(MAX_IDENTITY_PROVIDERS);
    expect(answers.filter(({ body }) => body['code'] === 'quota-exceeded')).toHaveLength(5);
  });

  it('are no business of API keys, which could make themselves more than they are', async () => {
    const scopes = ['data:read', 'data:write', 'db:create', 'db:admin', 'keys:admin', 'usage:read'];
    const { key } = await service.createKey(tenant, scopes);
    expect((await ask('PUT', '/by-key', SETTINGS, key)).status).toBe(403);
    expect((await ask('GET', '', undefined, key)).status).toBe(403);
  });

  it('have their tokens taken by a gateway, which fetches their keys once, until they are deleted', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    let fetches = 0;
    const idp = createServer((_request, response) => {
      fetches += 1;
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] }));
    });
    await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(idp.address() as AddressInfo).port}/`;
    await service.restart({ OUTBOUND_ALLOW_LOCAL: 'true' });
    const outbound = new OutboundClient({ allowLocal: true });
    const fetchKeySet = async (url: string) => (await outbound.call({ url })).body;
    const gateway = await TestGateway.open(service.databaseUrl, { fetchKeySet });
    try {
      const { body } = await ask('PUT', '/local', { ...SETTINGS, jwksUrl });
      const token = await new SignJWT({ org: 'acme', sub: 'u1' })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(SETTINGS.issuer)
        .setAudience(SETTINGS.audience)
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey);
      const bearer = `${String(body['bearerPrefix'])}.${token}`;
      for (let n = 0; n < 3; n++) {
        expect(await gateway.directory.authenticate(bearer)).toMatchObject({
          tenantId: tenant.organizationId,
          grant: { databases: ['customer-acme'] },
        });
      }
      expect(fetches).toBe(1);
      // Shown as another organization's, or as nobody's, it is nothing.
      const { body: theirs } = await ask('PUT', '/local', { ...SETTINGS, jwksUrl, audience: 'theirs' }, other.token);
      for (const wrong of [`${String(theirs['bearerPrefix'])}.${token}`, token, `lhi_${'0'.repeat(26)}.${token}`]) {
        expect(await gateway.codeOf(wrong)).toBe('invalid-token');
      }
      await ask('DELETE', '/local');
      await gateway.hears(async () => (await gateway.codeOf(bearer)) === 'invalid-token');
    } finally {
      await gateway.close();
      idp.closeAllConnections();
      idp.close();
      await service.restart();
    }
  });
});
