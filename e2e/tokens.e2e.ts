import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { call, expectStatus, postJson, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { Leasehold } from './src/leasehold.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';
/** What is decided at the control plane holds at every gateway within this. */
const EFFECTIVE_MS = 2_000;

describe('a page with a short-lived token', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  /** Of the tenant, with the right to list origins. */
  let key: { readonly id: string; readonly key: string };
  const PREFIX = 'users/1/';

  const control = (path: string) => leasehold.ready.controlPlane + path;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  async function mint(from: string, more: object = {}): Promise<string> {
    const body = { database: 'main', scopes: ['data:read', 'data:write'], ttlSeconds: 300, ...more };
    const answer = await postJson(control('/v1/tokens'), body, from);
    expectStatus(answer, 201);
    return answer.json<{ token: string }>().token;
  }

  /** As the page would ask at one of the gateways. */
  function ask(token: string, method: string, path: string, { origin = ORIGIN, body = '', gateway = 0 } = {}) {
    const url = `${leasehold.ready.gateways[gateway]}/v1/db/main/${path}`;
    return call(url, { method, headers: { origin, ...bearer(token) }, ...(body === '' ? {} : { body }) });
  }

  const allowed = ({ headers }: Answer) => headers.get('access-control-allow-origin');

  /** Ms until the answer of every gateway is this one. */
  async function untilAll(asking: (gateway: number) => Promise<Answer>, status: number): Promise<number> {
    const startedAt = performance.now();
    for (const gateway of leasehold.ready.gateways.keys()) {
      while ((await asking(gateway)).status !== status) {
        if (performance.now() - startedAt > 5 * EFFECTIVE_MS)
          throw new Error(`gateway ${gateway} never says ${status}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    return performance.now() - startedAt;
  }

  beforeAll(async () => {
    leasehold = await Leasehold.up({ gateways: 2 });
    tenant = await signUp(leasehold.ready);
    const scopes = ['data:read', 'data:write', 'db:admin'];
    const created = await postJson(control('/v1/keys'), { name: 'server', scopes }, tenant.token);
    expectStatus(created, 201);
    key = created.json();
    await tenant.database.put('secret', 'of others');
    await tenant.database.put('users/2/name', 'Grace');
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('asks from an origin that the tenant lists, and from no other', async () => {
    const token = await mint(key.key);
    const refused = await ask(token, 'GET', 'keys/secret');
    expect([refused.status, refused.json()['code'], allowed(refused)]).toEqual([403, 'origin-not-allowed', null]);
    const listed = await call(control('/v1/cors'), {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...bearer(key.key) },
      body: JSON.stringify({ origins: [ORIGIN] }),
    });
    expectStatus(listed, 200);
    const tookMs = await untilAll((gateway) => ask(token, 'GET', 'keys/secret', { gateway }), 200);
    expect(tookMs).toBeLessThan(EFFECTIVE_MS);
    const preflight = await call(`${leasehold.ready.gateway}/v1/db/main/keys/secret`, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'PUT' },
    });
    expect([preflight.status, allowed(preflight)]).toEqual([204, ORIGIN]);
    const read = await ask(token, 'GET', 'keys/secret');
    expect([read.body.toString(), allowed(read), read.headers.get('vary')]).toEqual(['of others', ORIGIN, 'origin']);
    expect((await ask(token, 'GET', 'keys/secret', { origin: EVIL })).json()['code']).toBe('origin-not-allowed');
  });

  it('reads and writes what its prefix allows, and nothing of others', async () => {
    const token = await mint(key.key, { prefix: PREFIX });
    expectStatus(await ask(token, 'PUT', 'keys/users%2F1%2Fname', { body: 'Ada' }), 200);
    const page = (await ask(token, 'GET', 'keys')).json<{ entries: { key: string; value: string }[] }>();
    expect(page.entries.map(({ key: name, value }) => [name, value])).toEqual([['users/1/name', 'Ada']]);
    const snapshot = JSON.stringify({ gets: [{ key: 'users/1/name' }], lists: [{}, { start: 'a', end: 'z' }] });
    const reads = await call(`${leasehold.ready.gateway}/v1/db/main/reads`, {
      method: 'POST',
      headers: { origin: ORIGIN, 'content-type': 'application/json', ...bearer(token) },
      body: snapshot,
    });
    expect(reads.body.toString()).not.toMatch(/secret|Grace|users\/2/);
    for (const [method, path] of [
      ['GET', 'keys/secret'],
      ['PUT', 'keys/users%2F2%2Fname'],
      ['GET', 'keys?prefix=users/'],
      ['DELETE', 'keys?all=true'],
      ['GET', 'stats'],
    ] as const) {
      const answer = await ask(token, method, path, method === 'PUT' ? { body: 'x' } : {});
      expect([path, answer.status, answer.json()['code'], allowed(answer)]).toEqual([
        path,
        403,
        'outside-key-prefix',
        ORIGIN,
      ]);
    }
    expect((await tenant.database.get('users/2/name')).body.toString()).toBe('Grace');
  });

  it('follows the changes of its prefix, until its token ends', async () => {
    const token = await mint(key.key, { prefix: PREFIX, ttlSeconds: 3 });
    const response = await fetch(`${leasehold.ready.gateway}/v1/db/main/changes`, {
      headers: { origin: ORIGIN, ...bearer(token) },
      signal: AbortSignal.timeout(30_000),
    });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, ORIGIN]);
    await tenant.database.put('secret', 'changed');
    await tenant.database.put('users/2/name', 'Hopper');
    await tenant.database.put('users/1/name', 'Lovelace');
    // To its end: the token's.
    const text = await response.text();
    expect(text).toContain('Lovelace');
    expect(text).not.toMatch(/secret|Hopper|users\/2/);
    expect(text).toContain('invalid-token');
  }, 40_000);

  it('has no way into the control plane, nor into other databases', async () => {
    const token = await mint(key.key);
    expectStatus(await postJson(control('/v1/databases'), { name: 'another' }, tenant.token), 201);
    const other = await call(`${leasehold.ready.gateway}/v1/db/another/keys/k`, { headers: bearer(token) });
    const missing = await call(`${leasehold.ready.gateway}/v1/db/missing/keys/k`, { headers: bearer(token) });
    expect([other.status, missing.status]).toEqual([404, 404]);
    const plain = (answer: Answer) => ({ ...answer.json(), requestId: '' });
    expect(plain(other)).toEqual(plain(missing));
    expect((await postJson(control('/v1/databases'), { name: 'x' }, token)).status).toBe(401);
    expect((await postJson(control('/v1/tokens'), { database: 'main' }, token)).status).toBe(401);
  });

  it('loses everything within two seconds of the revocation of the key, at every gateway', async () => {
    const token = await mint(key.key, { prefix: PREFIX });
    for (const gateway of leasehold.ready.gateways.keys())
      expectStatus(await ask(token, 'GET', 'keys', { gateway }), 200);
    expectStatus(await call(control(`/v1/keys/${key.id}`), { method: 'DELETE', headers: bearer(tenant.token) }), 204);
    const tookMs = await untilAll((gateway) => ask(token, 'GET', 'keys', { gateway }), 401);
    expect(tookMs).toBeLessThan(EFFECTIVE_MS);
    const refused = await ask(token, 'GET', 'keys');
    // The page can read it, and get another one.
    expect([refused.json()['code'], allowed(refused)]).toEqual(['invalid-token', ORIGIN]);
    expect((await postJson(control('/v1/tokens'), { database: 'main' }, key.key)).status).toBe(401);
  });
});
