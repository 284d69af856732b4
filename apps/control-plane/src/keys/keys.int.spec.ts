import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const ALL = ['data:read', 'data:write', 'db:create', 'db:admin', 'keys:admin'];

describe('API keys', () => {
  let service: TestService;
  let tenant: Tenant;

  const make = (token: string, more: object = {}) =>
    service.call('POST', '/v1/keys', { token, json: { name: 'k', scopes: ['data:read'], ...more } });
  const rotate = (id: string, json: object = {}, token = tenant.token) =>
    service.call('POST', `/v1/keys/${id}/rotate`, { token, json });
  const statusOf = async (key: string) => (await service.call('GET', '/v1/databases', { token: key })).status;
  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];

  async function shown(id: string): Promise<Record<string, unknown>> {
    const { body } = await service.call('GET', '/v1/keys?limit=1000', { token: tenant.token });
    const found = (body['keys'] as Record<string, unknown>[]).find((key) => key['id'] === id);
    if (found === undefined) throw new Error('the key is not listed');
    return found;
  }

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    for (const name of ['main', 'customer-1', 'customer-2', 'customers', 'x_y', 'xay']) {
      await service.call('POST', '/v1/databases', { token: tenant.token, json: { name } });
    }
  });
  afterAll(() => service.close());

  it('show to what they are confined, when they are made and in lists', async () => {
    const { body } = await make(tenant.token, { databases: ['main', 'customer-*'], prefix: 'users/' });
    const confines = { databases: ['main', 'customer-*'], prefix64: 'dXNlcnMv' };
    expect(body).toMatchObject({ ...confines, lastUsedAt: null, previous: null });
    expect(await shown(String(body['id']))).toMatchObject(confines);
  });

  it('find, list and create the databases of their pattern alone', async () => {
    const { key } = await service.createKey(tenant, ALL, { databases: ['customer-*', 'x_*'] });
    const names = async (query = '') => {
      const { body } = await service.call('GET', `/v1/databases${query}`, { token: key });
      const databases = body['databases'] as { readonly name: string }[];
      return { names: databases.map(({ name }) => name), cursor: body['cursor'] };
    };
    expect(await names()).toEqual({ names: ['customer-1', 'customer-2', 'x_y'], cursor: null });
    const { cursor, ...first } = await names('?limit=2');
    expect(first.names).toEqual(['customer-1', 'customer-2']);
    expect((await names(`?limit=2&cursor=${String(cursor)}`)).names).toEqual(['x_y']);
    const read = (name: string) => service.call('GET', `/v1/databases/${name}`, { token: key });
    const byName = await service.call('GET', '/v1/databases/main', { token: tenant.token });
    expect((await read('customer-1')).status).toBe(200);
    const missing = { ...(await read('customer-9')).body, requestId: '' };
    for (const outside of ['main', String(byName.body['id'])]) {
      expect({ ...(await read(outside)).body, requestId: '' }).toEqual(missing);
    }
    const create = (name: string) => service.call('POST', '/v1/databases', { token: key, json: { name } });
    expect(told(await create('other'))).toEqual([403, 'forbidden']);
    expect(told(await create('customer-3'))).toEqual([201, 'ok']);
  });

  it('cannot grant more than they have', async () => {
    const { key } = await service.createKey(tenant, ALL, { databases: ['customer-*'], prefix: 'users/' });
    expect(told(await make(key, { databases: ['main'] }))).toEqual([403, 'forbidden']);
    expect(told(await make(key, { databases: ['customer-1', 'c*'] }))).toEqual([403, 'forbidden']);
    expect(told(await make(key, { prefix: 'user' }))).toEqual([403, 'outside-key-prefix']);
    expect(told(await make(key, { scopes: ['usage:read'] }))).toEqual([403, 'insufficient-scope']);
    const narrower = await make(key, { databases: ['customer-1*'], prefix: 'users/1/' });
    expect(narrower.body).toMatchObject({ databases: ['customer-1*'], prefix64: 'dXNlcnMvMS8' });
    // What nothing is said about is as with the key that asks.
    expect((await make(key)).body).toMatchObject({ databases: ['customer-*'], prefix64: 'dXNlcnMv' });
    const cors = { token: key, json: { origins: ['*'] } };
    expect(told(await service.call('PUT', '/v1/cors', cors))).toEqual([403, 'forbidden']);
  });

  it('make tokens that are narrower, never wider', async () => {
    const { key } = await service.createKey(tenant, ['data:read'], { databases: ['customer-*'], prefix: 'users/' });
    const mint = (more: object) =>
      service.call('POST', '/v1/tokens', {
        token: key,
        json: { database: 'customer-1', scopes: ['data:read'], ttlSeconds: 60, ...more },
      });
    const prefixOf = ({ body }: Answer) => {
      const [, claims = ''] = String(body['token']).split('.');
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>)['prefix'];
    };
    expect(prefixOf(await mint({}))).toBe('dXNlcnMv');
    expect(prefixOf(await mint({ prefix: 'users/1' }))).toBe('dXNlcnMvMQ');
    expect(told(await mint({ prefix: 'use' }))).toEqual([403, 'outside-key-prefix']);
    const outside = await mint({ database: 'main' });
    expect(told(outside)).toEqual([404, 'database-not-found']);
    const missing = await mint({ database: 'missing' });
    expect({ ...outside.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
  });

  it('have two secrets that work while they are rotated, and no third', async () => {
    const { id, key } = await service.createKey(tenant, ['db:create']);
    const rotated = await rotate(id, { overlapSeconds: 2 });
    const next = String(rotated.body['key']);
    expect(rotated.status).toBe(201);
    expect(next.slice(0, 30)).toBe(key.slice(0, 30));
    expect(next).not.toBe(key);
    const previous = { lastFour: key.slice(-4), endsAt: expect.any(String) };
    expect(rotated.body).toMatchObject({ id, lastFour: next.slice(-4), previous });
    expect(told(await rotate(id))).toEqual([409, 'conflict']);
    expect([await statusOf(key), await statusOf(next)]).toEqual([200, 200]);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect([await statusOf(key), await statusOf(next)]).toEqual([401, 200]);
    expect(await shown(id)).toMatchObject({ lastFour: next.slice(-4), previous: null });
    expect(told(await rotate(id))).toEqual([201, 'ok']);
  });

  it('keep the secret before for a day, unless it is ended early', async () => {
    const { id, key } = await service.createKey(tenant, ['db:create']);
    const { body } = await rotate(id);
    const { endsAt } = body['previous'] as { readonly endsAt: string };
    expect(Math.round((Date.parse(endsAt) - Date.now()) / 60_000)).toBe(24 * 60);
    for (let i = 0; i < 2; i++) {
      const ended = await service.call('DELETE', `/v1/keys/${id}/previous`, { token: tenant.token });
      expect(ended.status).toBe(204);
    }
    expect([await statusOf(key), await statusOf(String(body['key']))]).toEqual([401, 200]);
  });

  it('rotate once when two ask at the same time', async () => {
    const { id } = await service.createKey(tenant, ['db:create']);
    const answers = await Promise.all([rotate(id), rotate(id), rotate(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('rotate no more once they are revoked, and both secrets end then', async () => {
    const { id, key } = await service.createKey(tenant, ['db:create']);
    const next = String((await rotate(id)).body['key']);
    await service.call('DELETE', `/v1/keys/${id}`, { token: tenant.token });
    expect([await statusOf(key), await statusOf(next)]).toEqual([401, 401]);
    expect(told(await rotate(id))).toEqual([404, 'api-key-not-found']);
  });

  it('give no secret of a key that may more than the key that asks', async () => {
    const admin = await service.createKey(tenant, ['keys:admin', 'data:read'], { databases: ['customer-*'] });
    const wide = await service.createKey(tenant, ['data:read']);
    const mighty = await service.createKey(tenant, ['db:admin'], { databases: ['customer-1'] });
    const narrow = await service.createKey(tenant, ['data:read'], { databases: ['customer-1'] });
    expect(told(await rotate(wide.id, {}, admin.key))).toEqual([404, 'api-key-not-found']);
    expect(told(await rotate(mighty.id, {}, admin.key))).toEqual([403, 'insufficient-scope']);
    expect(told(await rotate(narrow.id, {}, admin.key))).toEqual([201, 'ok']);
  });

  it('neither see nor end keys outside of what they are confined to', async () => {
    const admin = await service.createKey(tenant, ['keys:admin'], { databases: ['customer-*'], prefix: 'users/' });
    const inside = await service.createKey(tenant, ALL, { databases: ['customer-1'], prefix: 'users/1/' });
    const others = await Promise.all([
      service.createKey(tenant, ['data:read']),
      service.createKey(tenant, ['data:read'], { databases: ['customer-1'] }),
      service.createKey(tenant, ['data:read'], { databases: ['main'], prefix: 'users/' }),
    ]);
    const { body } = await service.call('GET', '/v1/keys?limit=1000', { token: admin.key });
    const seen = (body['keys'] as { readonly id: string }[]).map(({ id }) => id);
    expect(seen).toEqual(expect.arrayContaining([admin.id, inside.id]));
    for (const { id, key } of others) {
      expect(seen).not.toContain(id);
      for (const path of [`/v1/keys/${id}`, `/v1/keys/${id}/previous`]) {
        expect(told(await service.call('DELETE', path, { token: admin.key }))).toEqual([404, 'api-key-not-found']);
      }
      expect(await statusOf(key)).toBe(403);
    }
    expect((await service.call('DELETE', `/v1/keys/${inside.id}`, { token: admin.key })).status).toBe(204);
    expect(await statusOf(inside.key)).toBe(401);
  });

  it('make nothing that outlives them', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const admin = await service.createKey(tenant, ['keys:admin', 'data:read'], { expiresAt });
    expect((await make(admin.key)).body).toMatchObject({ expiresAt });
    const later = new Date(Date.now() + 120_000).toISOString();
    expect(told(await make(admin.key, { expiresAt: later }))).toEqual([403, 'forbidden']);
    const sooner = new Date(Date.now() + 30_000).toISOString();
    expect((await make(admin.key, { expiresAt: sooner })).body).toMatchObject({ expiresAt: sooner });
    const lasting = await service.createKey(tenant, ['data:read']);
    expect(told(await rotate(lasting.id, {}, admin.key))).toEqual([403, 'forbidden']);
    expect(told(await rotate(admin.id, {}, admin.key))).toEqual([201, 'ok']);
  });

  it('make tokens that end with the secret that asked for them', async () => {
    const { id, key } = await service.createKey(tenant, ['data:read']);
    await rotate(id, { overlapSeconds: 30 });
    const json = { database: 'main', scopes: ['data:read'], ttlSeconds: 600 };
    const { body } = await service.call('POST', '/v1/tokens', { token: key, json });
    expect(Date.parse(String(body['expiresAt'])) - Date.now()).toBeLessThanOrEqual(30_000);
  });
});
