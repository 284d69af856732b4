import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TestService, type Answer, type Tenant } from './testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('the control plane', () => {
  let service: TestService;
  let mine: Tenant;
  let theirs: Tenant;

  beforeAll(async () => {
    service = await TestService.start();
    mine = await service.signUp();
    theirs = await service.signUp();
  });
  afterAll(() => service.close());

  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];

  describe('keeps mass assignment out', () => {
    const stranger = { email: 'stranger@example.com', password: 'ten characters', organization: 'Stranger Inc.' };

    it.each([
      ['POST', '/v1/signup', stranger, { role: 'admin' }],
      ['POST', '/v1/signup', stranger, { emailVerified: true }],
      ['POST', '/v1/signup', stranger, { organizationId: 'another' }],
      ['POST', '/v1/organizations', { name: 'New' }, { plan: 'pro' }],
      ['PATCH', '/v1/organizations/current', { name: 'New' }, { id: 'another' }],
      ['POST', '/v1/databases', { name: 'mass' }, { id: '00000000-0000-4000-8000-000000000000' }],
      ['POST', '/v1/databases', { name: 'mass' }, { organizationId: 'another' }],
      ['POST', '/v1/databases', { name: 'mass' }, { revision: 7 }],
      ['POST', '/v1/databases/delete', { search: 'mass' }, { organizationId: 'another' }],
      ['POST', '/v1/keys', { name: 'k', scopes: ['data:read'] }, { organizationId: 'another' }],
      ['POST', '/v1/keys', { name: 'k', scopes: ['data:read'] }, { secretHash: 'x' }],
      ['POST', '/v1/tokens', { database: 'x', scopes: ['data:read'], ttlSeconds: 60 }, { tenantId: 'another' }],
      ['PUT', '/v1/cors', { origins: [] }, { organizationId: 'another' }],
    ] as const)('of %s %s', async (method, path, json, more) => {
      const answer = await service.call(method, path, { token: mine.token, json: { ...json, ...more } });
      const [member] = Object.keys(more);
      expect(told(answer)).toEqual([400, 'invalid-body']);
      expect(answer.body['errors']).toContainEqual({ member, problem: 'is not a member of this request' });
    });

    it.each([
      'update-user',
      'admin/set-role',
      'organization/update-member-role',
      'organization/create',
      'sign-up/email',
    ])("by better-auth's own route %s, which is closed", async (path) => {
      const json = { role: 'admin', userId: 'x', data: { role: 'admin' } };
      const answer = await service.call('POST', `/api/auth/${path}`, { token: mine.token, json });
      expect(told(answer)).toEqual([404, 'route-not-found']);
    });
  });

  describe('does not let a header say who calls', () => {
    it.each([
      ['x-leasehold-client-address', '198.51.100.7'],
      ['x-forwarded-user', 'admin'],
      ['x-user-id', 'admin'],
      ['x-original-url', '/v1/admin/tenants'],
      ['x-rewrite-url', '/v1/admin/tenants'],
      ['x-http-method-override', 'DELETE'],
    ])('such as %s', async (name, value) => {
      const bare = await service.call('GET', '/v1/me', { headers: { [name]: value } });
      expect(told(bare)).toEqual([401, 'unauthenticated']);
      const known = await service.call('GET', '/v1/me', { token: mine.token, headers: { [name]: value } });
      expect([known.status, (known.body['user'] as { email: string }).email]).toEqual([200, mine.email]);
    });

    it('nor for which organization, when it is not theirs', async () => {
      const headers = { 'leasehold-organization': theirs.organizationId };
      const { key } = await service.createKey(mine, ['db:admin']);
      for (const token of [mine.token, key]) {
        const answer = await service.call('GET', '/v1/databases', { token, headers });
        expect(told(answer)).toEqual([403, 'forbidden']);
      }
    });

    it('nor where a route is about a person, and acts for none', async () => {
      const headers = { 'leasehold-organization': mine.organizationId };
      for (const [method, path] of [
        ['GET', '/v1/me'],
        ['GET', '/v1/sessions'],
        ['POST', '/v1/logout'],
      ] as const) {
        const answer = await service.call(method, path, { token: mine.token, headers });
        expect([path, ...told(answer)]).toEqual([path, 400, 'unsupported-header']);
      }
      expect((await service.call('GET', '/v1/me', { token: mine.token })).status).toBe(200);
    });

    it('nor where from: the address of a session is that of the connection', async () => {
      const headers = { 'x-forwarded-for': '198.51.100.7', 'x-leasehold-client-address': '198.51.100.7' };
      const json = { email: mine.email, password: mine.password };
      const { body } = await service.call('POST', '/v1/login', { json, headers });
      const { text } = await service.call('GET', '/v1/sessions', { token: String(body['token']) });
      expect(text).not.toContain('198.51.100.7');
    });

    it.each(['Basic dXNlcjpwYXNz', 'Bearer nonsense', 'Bearer', 'Negotiate x', 'cookie', ''])(
      'by the cookie where Authorization says something else: %j',
      async (authorization) => {
        const withCookie = (path: string, headers: Record<string, string>) =>
          raw(
            [`GET ${path} HTTP/1.1`, 'host: a', 'connection: close', `cookie: ${mine.cookie}`].concat(linesOf(headers)),
          );
        expect(await withCookie('/v1/me', {})).toContain(mine.email);
        expect(await withCookie('/v1/me', { authorization })).toMatch(/^HTTP\/1\.1 401 /);
        // better-auth's own routes find out for themselves who calls.
        expect(await withCookie('/api/auth/get-session', {})).toContain(mine.email);
        expect(await withCookie('/api/auth/get-session', { authorization })).not.toContain(mine.email);
      },
    );

    it('nor two that disagree', async () => {
      for (const headers of [
        ['authorization: Bearer x', `authorization: Bearer ${mine.token}`],
        ['leasehold-organization: a', 'leasehold-organization: b', `authorization: Bearer ${mine.token}`],
      ]) {
        expect(await raw(['GET /v1/databases HTTP/1.1', 'host: a', ...headers])).toMatch(/^HTTP\/1\.1 4\d\d /);
      }
    });
  });

  it.each([
    ['two lengths', ['content-length: 5', 'content-length: 6']],
    ['a length and chunks', ['content-length: 5', 'transfer-encoding: chunked']],
    ['chunks in disguise', ['transfer-encoding: xchunked']],
    ['a folded header', ['x-a: b', ' content-length: 5']],
    ['a blank before the colon', ['content-length : 5']],
  ])('smuggles no request behind another: %s', async (_what, lines) => {
    const second = 'GET /v1/me HTTP/1.1\r\nhost: a\r\n\r\n';
    const text = await raw(['POST /v1/login HTTP/1.1', 'host: a', ...lines], `0\r\n\r\n${second}`);
    expect(text).toMatch(/^HTTP\/1\.1 (4\d\d|501) /);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  describe('takes no change from a page of another site', () => {
    const json = { name: 'csrf' };

    it.each([
      ['another site', { origin: 'https://evil.example' }],
      ['a sandboxed page', { origin: 'null' }],
    ])('%s', async (_who, headers) => {
      const answer = await service.call('POST', '/v1/databases', {
        json,
        headers: { cookie: mine.cookie, ...headers },
      });
      expect(told(answer)).toEqual([403, 'forbidden']);
    });

    it.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain'])(
      'and no form: %s',
      async (type) => {
        const headers = { cookie: mine.cookie, 'content-type': type };
        const answer = await service.call('POST', '/v1/databases', { raw: JSON.stringify(json), headers });
        expect(told(answer)).toEqual([415, 'unsupported-media-type']);
      },
    );

    it('and lets none read an answer', async () => {
      const headers = { cookie: mine.cookie, origin: 'https://evil.example' };
      const answer = await service.call('GET', '/v1/me', { headers });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  const linesOf = (headers: Record<string, string>) => Object.entries(headers).map((header) => header.join(': '));

  /** Everything that comes back until the connection ends. */
  function raw(head: readonly string[], rest = ''): Promise<string> {
    const { hostname, port } = new URL(service.url);
    return new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write(`${head.join('\r\n')}\r\n\r\n${rest}`));
      socket.setTimeout(2_000, () => socket.destroy());
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
  }
});
