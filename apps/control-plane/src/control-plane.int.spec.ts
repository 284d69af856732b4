import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock, type TenantId } from '@leasehold/foundation';

import { TestGateway } from './testing/test-gateway.js';
import { TestService, type Tenant } from './testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the control plane', () => {
  let service: TestService;
  let tenant: Tenant;

  beforeAll(async () => {
    service = await TestService.start({ ADMIN_EMAIL: 'Ops@Example.com', ADMIN_PASSWORD: 'operators only' });
    tenant = await service.signUp();
  });
  afterAll(() => service.close());

  it('signs up, names a database and hands out a key that the data plane knows at once', async () => {
    const json = { email: ' New@Example.com ', password: 'correct horse', organization: ' New & Co ' };
    const signup = await service.call('POST', '/v1/signup', { json });
    expect(signup.status).toBe(201);
    expect(signup.body).toEqual({
      user: { id: expect.any(String), email: 'new@example.com' },
      organization: { id: expect.any(String), name: 'New & Co', slug: 'new-co' },
      token: expect.any(String),
    });
    const token = String(signup.body['token']);
    const database = await service.call('POST', '/v1/databases', { token, json: { name: 'orders' } });
    expect(database.status).toBe(201);
    const createdAt = expect.stringMatching(/^2\d{3}-.*Z$/);
    expect(database.body).toMatchObject({ id: expect.stringMatching(UUID), name: 'orders', createdAt });
    const scopes = ['data:read', 'data:write'];
    const key = await service.call('POST', '/v1/keys', { token, json: { name: 'server', scopes } });
    expect(key.status).toBe(201);
    const text = String(key.body['key']);
    expect(key.body).toMatchObject({
      id: expect.any(String),
      name: 'server',
      scopes,
      lastFour: text.slice(-4),
      createdAt,
    });
    expect(JSON.stringify(key.body)).not.toMatch(/hash/i);

    const gateway = await TestGateway.open(service.databaseUrl);
    const { directory } = gateway;
    try {
      const principal = await directory.authenticate(text);
      expect(principal.tenantId).toBe((signup.body['organization'] as { id: string }).id);
      expect((await directory.database(principal.tenantId, 'orders'))?.id).toBe(database.body['id']);
      expect((await service.call('DELETE', `/v1/keys/${String(key.body['id'])}`, { token })).status).toBe(204);
      await gateway.hears(async () => (await gateway.codeOf(text)) === 'invalid-api-key');
      expect(await directory.database(tenant.organizationId as TenantId, 'orders')).toBeUndefined();
    } finally {
      await gateway.close();
    }
  });

  it('leaves nothing of a signup whose address is taken, in any spelling', async () => {
    const before = await service.metadata.prisma.organization.count();
    for (const email of [tenant.email, tenant.email.toUpperCase()]) {
      const json = { email, password: 'whatever else', organization: 'Second' };
      const answer = await service.call('POST', '/v1/signup', { json });
      expect([answer.status, answer.body['code']]).toEqual([409, 'email-taken']);
    }
    expect(await service.metadata.prisma.organization.count()).toBe(before);
  });

  it('lets one of several simultaneous signups with one address win', async () => {
    const json = { email: 'race@example.com', password: 'ten characters', organization: 'Race' };
    const answers = await Promise.all(Array.from({ length: 4 }, () => service.call('POST', '/v1/signup', { json })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const users = await service.metadata.prisma.user.count({ where: { email: json.email } });
    const organizations = await service.metadata.prisma.organization.count({ where: { name: 'Race' } });
    expect([users, organizations]).toEqual([1, 1]);
  });

  it('logs in with the password, by cookie and by token, until logged out', async () => {
    const json = { email: tenant.email.toUpperCase(), password: tenant.password };
    const login = await service.call('POST', '/v1/login', { json });
    expect(login.status).toBe(200);
    expect(login.body).toMatchObject({ user: { email: tenant.email }, organization: { id: tenant.organizationId } });
    const [cookie] = login.headers.getSetCookie();
    expect(cookie).toMatch(/^leasehold\.session_token=.*HttpOnly.*SameSite=Lax/i);
    const token = String(login.body['token']);
    const byCookie = { headers: { cookie: String(cookie?.split(';')[0]) } };
    for (const call of [byCookie, { token }]) {
      const me = await service.call('GET', '/v1/me', call);
      expect(me.body).toMatchObject({
        user: { email: tenant.email, operator: false },
        organization: { id: tenant.organizationId, role: 'owner' },
      });
    }
    const logout = await service.call('POST', '/v1/logout', byCookie);
    expect([logout.status, logout.text]).toEqual([204, '']);
    expect((await service.call('GET', '/v1/me', byCookie)).status).toBe(401);
    expect((await service.call('GET', '/v1/me', { token })).status).toBe(401);
    expect((await service.call('GET', '/v1/me', { token: tenant.token })).status).toBe(200);
  });

  it('answers a wrong password and an unknown address alike', async () => {
    const wrong = await service.call('POST', '/v1/login', { json: { email: tenant.email, password: 'not the one' } });
    const unknown = await service.call('POST', '/v1/login', {
      json: { email: 'no@example.com', password: 'not the one' },
    });
    expect(wrong.status).toBe(401);
    expect(wrong.body['code']).toBe('invalid-credentials');
    expect({ ...unknown.body, requestId: '' }).toEqual({ ...wrong.body, requestId: '' });
    expect(wrong.headers.getSetCookie()).toEqual([]);
  });

  it('slows down who guesses a password, and nobody else', async () => {
    const { email, password } = await service.signUp();
    const guess = (text: string) => service.call('POST', '/v1/login', { json: { email, password: text } });
    for (let i = 0; i < 10; i++) expect((await guess('not the one')).status).toBe(401);
    const refused = await guess(password);
    expect(refused.body).toMatchObject({ status: 429, code: 'too-many-requests' });
    expect(refused.headers.get('retry-after')).toBe('1');
    const other = { email: tenant.email, password: tenant.password };
    expect((await service.call('POST', '/v1/login', { json: other })).status).toBe(200);
    await systemClock.sleep(1_000);
    expect((await guess(password)).status).toBe(200);
  });

  it('refuses more passwords at once than it can check soon, and serves everything else', async () => {
    const json = { email: tenant.email, password: tenant.password };
    const emails = Array.from({ length: 400 }, (_, i) => ({ ...json, email: `nobody${i}@example.com` }));
    const answers = await Promise.all([
      service.call('GET', '/v1/me', { token: tenant.token }),
      ...emails.map((one) => service.call('POST', '/v1/login', { json: one })),
    ]);
    const [me, ...logins] = answers;
    expect(me?.status).toBe(200);
    const refused = logins.filter(({ status }) => status !== 401);
    expect(refused.length).toBeGreaterThan(0);
    for (const { body, headers } of refused) {
      expect([body['code'], headers.get('retry-after')]).toEqual(['overloaded', '2']);
    }
    expect((await service.call('POST', '/v1/login', { json })).status).toBe(200);
  });

  it('lists databases by name, page by page, and finds one by name or id', async () => {
    const { token } = await service.signUp();
    for (const name of ['b', 'd', 'a', 'c']) await service.call('POST', '/v1/databases', { token, json: { name } });
    const names: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null && page < 10; page++) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body, status } = await service.call('GET', `/v1/databases?limit=2${next}`, { token });
      expect(status).toBe(200);
      names.push(...(body['databases'] as { name: string }[]).map(({ name }) => name));
      cursor = body['cursor'] as string | null;
    }
    expect(names).toEqual(['a', 'b', 'c', 'd']);
    const byName = await service.call('GET', '/v1/databases/a', { token });
    const byId = await service.call('GET', `/v1/databases/${String(byName.body['id'])}`, { token });
    expect(byId.body).toEqual(byName.body);
    expect(byName.body['name']).toBe('a');
    const again = await service.call('POST', '/v1/databases', { token, json: { name: 'a' } });
    expect([again.status, again.body['code']]).toEqual([409, 'database-exists']);
  });

  it('lets an API key do what its scopes say, and no more', async () => {
    const creator = await service.createKey(tenant, ['db:create']);
    const admin = await service.createKey(tenant, ['keys:admin', 'data:read']);
    const reader = await service.createKey(tenant, ['data:read']);
    const make = (token: string, name: string) => service.call('POST', '/v1/databases', { token, json: { name } });
    const grant = (token: string, scopes: string[]) =>
      service.call('POST', '/v1/keys', { token, json: { name: 'n', scopes } });
    expect((await make(creator.key, 'by-key')).status).toBe(201);
    expect((await service.call('GET', '/v1/databases/by-key', { token: creator.key })).status).toBe(200);
    expect((await grant(admin.key, ['data:read'])).status).toBe(201);
    for (const [refused, scope] of [
      [await make(admin.key, 'x'), 'db:create'],
      [await make(reader.key, 'x'), 'db:create'],
      [await grant(creator.key, ['data:read']), 'keys:admin'],
      [await grant(admin.key, ['data:write']), 'data:write'],
    ] as const) {
      expect([refused.status, refused.body['code'], refused.body['requiredScope']]).toEqual([
        403,
        'insufficient-scope',
        scope,
      ]);
    }
    expect((await service.call('GET', '/v1/me', { token: admin.key })).status).toBe(403);
    expect((await service.call('DELETE', `/v1/keys/${creator.id}`, { token: admin.key })).status).toBe(204);
    const revoked = await make(creator.key, 'y');
    expect([revoked.status, revoked.body['code']]).toEqual([401, 'invalid-api-key']);
  });

  it('shows keys without secrets, revoked ones too, and revokes twice alike', async () => {
    const owner = await service.signUp();
    const key = await service.createKey(owner, ['usage:read']);
    for (let i = 0; i < 2; i++) {
      expect((await service.call('DELETE', `/v1/keys/${key.id}`, { token: owner.token })).status).toBe(204);
    }
    const list = await service.call('GET', '/v1/keys', { token: owner.token });
    expect(list.body).toEqual({
      keys: [
        {
          id: key.id,
          name: 'k',
          scopes: ['usage:read'],
          databases: null,
          prefix64: null,
          lastUsedAt: null,
          previous: null,
          lastFour: key.key.slice(-4),
          createdAt: expect.any(String),
          expiresAt: null,
          revokedAt: expect.any(String),
        },
      ],
      cursor: null,
    });
    expect(list.text).not.toContain(key.key.slice(30, -6));
  });

  it('keeps a key that has expired out', async () => {
    const key = await service.createKey(tenant, ['db:create']);
    await service.metadata.prisma.apiKey.update({
      where: { id: key.id },
      data: { expiresAt: new Date(Date.now() - 1) },
    });
    const answer = await service.call('GET', '/v1/databases', { token: key.key });
    expect([answer.status, answer.body['code']]).toEqual([401, 'invalid-api-key']);
  });

  it('refuses members that only read the right to make databases and keys', async () => {
    const owner = await service.signUp();
    await service.metadata.prisma.member.updateMany({
      where: { organizationId: owner.organizationId },
      data: { role: 'viewer' },
    });
    const { token } = owner;
    expect((await service.call('GET', '/v1/databases', { token })).status).toBe(200);
    for (const [path, json] of [
      ['/v1/databases', { name: 'x' }],
      ['/v1/keys', { name: 'x', scopes: ['data:read'] }],
    ] as const) {
      const answer = await service.call('POST', path, { token, json });
      expect([answer.status, answer.body['code']]).toEqual([403, 'forbidden']);
    }
  });

  it("refuses other sites the visitor's cookie, and programs nothing", async () => {
    const json = { name: 'forged' };
    const { cookie, token } = tenant;
    const from = (origin: string, more = {}) => ({ json, headers: { cookie, origin, ...more } });
    for (const origin of ['https://evil.example', 'null', `${service.url}.evil.example`]) {
      const answer = await service.call('POST', '/v1/databases', from(origin));
      expect([answer.status, answer.body['code']]).toEqual([403, 'forbidden']);
      const form = { ...from(origin), json: { email: tenant.email, password: tenant.password } };
      expect((await service.call('POST', '/v1/login', form)).status).toBe(403);
      expect((await service.call('POST', '/v1/logout', { headers: { cookie, origin } })).status).toBe(403);
    }
    expect((await service.call('GET', '/v1/databases/forged', { token })).status).toBe(404);
    const text = { headers: { cookie, 'content-type': 'text/plain' }, raw: JSON.stringify(json) };
    expect((await service.call('POST', '/v1/databases', text)).status).toBe(415);
    expect((await service.call('POST', '/v1/databases', from(service.url))).status).toBe(201);
  });

  it('does not fall back on the cookie when the bearer token is wrong', async () => {
    for (const authorization of ['Bearer wrong', 'Bearer', 'Basic YTpi', 'Bearer lh_wrong', 'Bearer a b']) {
      const answer = await service.call('GET', '/v1/me', { headers: { cookie: tenant.cookie, authorization } });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
      const json = { currentPassword: tenant.password, newPassword: 'of nobody who may' };
      const call = { headers: { cookie: tenant.cookie, authorization }, json };
      const { body } = await service.call('POST', '/api/auth/change-password', call);
      expect(body).toMatchObject({ status: 401, code: 'unauthenticated' });
    }
  });

  it('refuses a cookie that was not signed by us', async () => {
    const forged = tenant.cookie.replace(/\.[^.]*$/, '.AAAA');
    expect((await service.call('GET', '/v1/me', { headers: { cookie: forged } })).status).toBe(401);
  });

  it('makes the operator of the configuration once, and follows a changed password', async () => {
    const email = 'ops@example.com';
    const logIn = (password: string) => service.call('POST', '/v1/login', { json: { email, password } });
    const first = await logIn('operators only');
    const me = await service.call('GET', '/v1/me', { token: String(first.body['token']) });
    expect(me.body).toMatchObject({ user: { email, operator: true }, organization: { name: 'Operators' } });
    await service.restart();
    expect((await service.call('GET', '/v1/me', { token: String(first.body['token']) })).status).toBe(200);
    await service.restart({ ADMIN_PASSWORD: 'operators newly' });
    expect((await logIn('operators only')).status).toBe(401);
    expect((await logIn('operators newly')).status).toBe(200);
    expect(await service.metadata.prisma.organization.count({ where: { name: 'Operators' } })).toBe(1);
  });

  it('ends the sessions of a stranger who had signed up with the address of the operator', async () => {
    const stranger = await service.signUp();
    await service.restart({ ADMIN_EMAIL: stranger.email, ADMIN_PASSWORD: 'operators only' });
    expect((await service.call('GET', '/v1/me', { token: stranger.token })).status).toBe(401);
    const json = { email: stranger.email, password: stranger.password };
    expect((await service.call('POST', '/v1/login', { json })).status).toBe(401);
    await service.restart();
  });

  it("opens better-auth's own routes as far as they are reviewed", async () => {
    const { email, password, token } = await service.signUp();
    const json = { email, password };
    const origin = { origin: service.url };
    const session = await service.call('GET', '/api/auth/get-session', { token });
    expect(session.body).toMatchObject({ user: { email, role: 'user' } });
    const data = { expiresAt: new Date(Date.now() + 60_000) };
    await service.metadata.prisma.session.updateMany({ where: { user: { email } }, data });
    const { headers, text } = await service.call('GET', '/api/auth/get-session', { token });
    expect(headers.getSetCookie().join()).toContain('session_token');
    expect([headers.get('set-auth-token'), text.includes(token)]).toEqual([null, false]);
    const change = (currentPassword: string) =>
      service.call('POST', '/api/auth/change-password', {
        token,
        json: { currentPassword, newPassword: 'another one' },
        headers: origin,
      });
    expect((await change('not the one')).body).toMatchObject({ status: 401, code: 'invalid-credentials' });
    expect((await change(password)).status).toBe(200);
    expect((await service.call('POST', '/v1/login', { json })).status).toBe(401);
    expect((await service.call('POST', '/api/auth/sign-out', { token, json: {}, headers: origin })).status).toBe(200);
    expect((await service.call('GET', '/v1/me', { token })).status).toBe(401);
    for (const path of [
      'sign-in/email',
      'sign-up/email',
      'organization/create',
      'delete-user',
      '',
      'ok',
      '../v1/me',
      'a/../sign-up/email',
    ]) {
      const answer = await service.call('POST', `/api/auth/${path}`, { json: { ...json, name: 'x' } });
      expect([path, answer.status >= 400 && answer.status < 500]).toEqual([path, true]);
    }
  });
});

describe('the console', () => {
  it('is served with its configuration and headers that keep it to itself', async () => {
    const folder = new URL('./testing/console/', import.meta.url).pathname;
    const service = await TestService.start({ CONSOLE_DIR: folder, GATEWAY_URL: 'http://gateway.example:4000/' });
    try {
      const page = await service.call('GET', '/');
      expect(page.status).toBe(200);
      expect(page.text).toContain('a console');
      expect(page.headers.get('content-security-policy')).toMatch(
        /default-src 'none'.*connect-src 'self' http:\/\/gateway\.example:4000;/,
      );
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
      // What an address below means is decided in the browser.
      for (const path of ['/console', '/console/databases/a%2Fb']) {
        const screen = await service.call('GET', path);
        expect([path, screen.status, screen.text]).toEqual([path, 200, page.text]);
      }
      const etag = page.headers.get('etag') ?? '';
      const again = await service.call('GET', '/console/keys', { headers: { 'if-none-match': etag } });
      expect([again.status, again.text, again.headers.get('cache-control')]).toEqual([304, '', 'no-cache']);
      const config = await service.call('GET', '/console-config.json');
      expect(config.body).toEqual({ gatewayUrl: 'http://gateway.example:4000/' });
      for (const path of [
        '/%2e%2e/test-service.ts',
        '/..%2ftest-service.ts',
        '/%00',
        '/%ff',
        '/.hidden',
        '/missing.js',
        '//etc/passwd',
      ]) {
        const answer = await service.call('GET', path);
        expect([path, answer.status >= 400 && answer.status < 500, answer.headers.get('content-type')]).toEqual([
          path,
          true,
          'application/problem+json',
        ]);
      }
    } finally {
      await service.close();
    }
  });
});

describe('files of the console', () => {
  it('are compressed for browsers that take it, and kept by them where their name tells the content', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'leasehold-console-'));
    const script = 'export const answer = 42;\n'.repeat(1_000);
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>small</title>');
    await writeFile(join(folder, 'assets', 'app-A1b2C3d4.js'), script);
    const service = await TestService.start({ CONSOLE_DIR: folder });
    try {
      const read = (path: string, encoding: string) =>
        service.call('GET', path, { headers: { 'accept-encoding': encoding } });
      const isKept = 'public, max-age=31536000, immutable';
      for (const [encoding, answered] of [
        ['br, gzip', 'gzip'],
        ['gzip;q=0.5', 'gzip'],
        ['gzip;q=0', null],
        ['identity', null],
      ] as const) {
        const { text, headers } = await read('/assets/app-A1b2C3d4.js', encoding);
        expect([encoding, headers.get('content-encoding'), text === script]).toEqual([encoding, answered, true]);
        expect([headers.get('cache-control'), headers.get('vary')]).toEqual([isKept, 'accept-encoding']);
      }
      const page = await read('/console/databases', 'gzip');
      expect([page.headers.get('content-encoding'), page.headers.get('cache-control')]).toEqual([null, 'no-cache']);
    } finally {
      await service.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the control plane without Postgres', () => {
  it('is not ready, answers 503 in time, starts anyway and recovers', async () => {
    const service = await TestService.start({ ADMIN_EMAIL: 'ops@example.com', ADMIN_PASSWORD: 'operators only' });
    try {
      const tenant = await service.signUp();
      const key = await service.createKey(tenant, ['db:create']);
      expect((await service.call('GET', '/readyz')).status).toBe(200);
      await service.postgres.stop();
      expect((await service.call('GET', '/readyz')).status).toBe(503);
      expect((await service.call('GET', '/healthz')).status).toBe(200);
      const json = { email: 'x@example.com', password: 'ten characters', organization: 'X' };
      for (const [method, path, call] of [
        ['POST', '/v1/signup', { json }],
        ['POST', '/v1/login', { json: { email: tenant.email, password: tenant.password } }],
        ['GET', '/v1/me', { token: tenant.token }],
        ['GET', '/v1/databases', { token: key.key }],
        ['POST', '/v1/databases', { token: tenant.token, json: { name: 'x' } }],
        ['GET', '/api/auth/get-session', { token: tenant.token }],
      ] as const) {
        const answer = await service.call(method, path, call);
        expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
          path,
          503,
          'application/problem+json',
        ]);
        expect(answer.headers.get('retry-after')).toBe('1');
      }
      await service.restart();
      expect((await service.call('GET', '/readyz')).status).toBe(503);
      await service.postgres.resume();
      expect((await service.call('GET', '/v1/me', { token: tenant.token })).status).toBe(200);
      expect((await service.call('GET', '/readyz')).status).toBe(200);
    } finally {
      await service.close();
    }
  });
});
