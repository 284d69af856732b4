import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Leasehold } from './src/leasehold.js';
import { call, signUp, type Answer, type Tenant } from './src/api.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('wrong inputs', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    tenant = await signUp(leasehold.ready);
    await tenant.database.put('untouched', 'as it was');
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  describe('at the gateway answer 4xx problem+json with a code', () => {
    const cases: readonly [
      name: string,
      method: string,
      path: string,
      headers?: Record<string, string>,
      body?: string | Uint8Array,
    ][] = [
      ['an unknown route', 'GET', '/v1/nothing'],
      ['the root', 'GET', '/'],
      ['a wrong method on a key', 'PATCH', '/v1/db/main/keys/a'],
      ['a wrong method on the list', 'PUT', '/v1/db/main/keys'],
      ['a wrong method on stats', 'DELETE', '/v1/db/main/stats'],
      ['an empty key', 'GET', '/v1/db/main/keys/'],
      ['a key of 2,049 bytes', 'PUT', `/v1/db/main/keys/${'k'.repeat(2049)}`, {}, 'x'],
      ['a broken percent-encoding in a key', 'GET', '/v1/db/main/keys/%zz'],
      ['a cut percent-encoding in a key', 'GET', '/v1/db/main/keys/a%'],
      ['a keys64 key that is not base64url', 'GET', '/v1/db/main/keys64/a+b='],
      ['an unknown database', 'GET', '/v1/db/nowhere/keys/a'],
      ['a database name with odd characters', 'GET', '/v1/db/%00/keys/a'],
      ['a database name of dots', 'GET', '/v1/db/%2e%2e/keys/a'],
      ['a database called __proto__', 'GET', '/v1/db/__proto__/keys/a'],
      ['a very long database name', 'GET', `/v1/db/${'n'.repeat(5000)}/keys/a`],
      ['a value of 512 KiB and a byte', 'PUT', '/v1/db/main/keys/untouched', {}, new Uint8Array(512 * 1024 + 1)],
      ['a value of 20 MiB', 'PUT', '/v1/db/main/keys/untouched', {}, new Uint8Array(20 * 1024 * 1024)],
      ['an If-Match that is no version', 'PUT', '/v1/db/main/keys/untouched', { 'if-match': '"nonsense"' }, 'x'],
      ['an unquoted If-Match', 'PUT', '/v1/db/main/keys/untouched', { 'if-match': 'abc' }, 'x'],
      ['a weak If-Match', 'PUT', '/v1/db/main/keys/untouched', { 'if-match': 'W/"00000001000000000001"' }, 'x'],
      ['both conditions', 'PUT', '/v1/db/main/keys/untouched', { 'if-match': '*', 'if-none-match': '*' }, 'x'],
      [
        'an If-None-Match with a version on a put',
        'PUT',
        '/v1/db/main/keys/untouched',
        { 'if-none-match': '"00000001000000000001"' },
        'x',
      ],
      ['a TTL of nothing', 'PUT', '/v1/db/main/keys/untouched', { 'leasehold-ttl': '0' }, 'x'],
      ['a TTL that is no number', 'PUT', '/v1/db/main/keys/untouched', { 'leasehold-ttl': 'soon' }, 'x'],
      ['a TTL on a delete', 'DELETE', '/v1/db/main/keys/untouched', { 'leasehold-ttl': '5' }],
      [
        'an idempotency key of 256 characters',
        'DELETE',
        '/v1/db/main/keys?all=true',
        { 'idempotency-key': 'k'.repeat(256) },
      ],
      ['an idempotency key on a read', 'GET', '/v1/db/main/keys/untouched', { 'idempotency-key': 'k' }],
      ['a range delete of nothing', 'DELETE', '/v1/db/main/keys'],
      ['a range delete of an empty prefix', 'DELETE', '/v1/db/main/keys?prefix='],
      ['a range delete under a condition', 'DELETE', '/v1/db/main/keys?all=true', { 'if-match': '*' }],
      ['a transaction that is no JSON', 'POST', '/v1/db/main/transactions', JSON_TYPE, '{'],
      ['a transaction as a form', 'POST', '/v1/db/main/transactions', {}, 'ops=drop'],
      [
        'a transaction of an unknown operation',
        'POST',
        '/v1/db/main/transactions',
        JSON_TYPE,
        '{"ops":[{"op":"drop"}]}',
      ],
      [
        'a transaction with __proto__',
        'POST',
        '/v1/db/main/transactions',
        JSON_TYPE,
        '{"ops":[{"op":"delete","key":"untouched","__proto__":{}}]}',
      ],
      [
        'a transaction with a member twice',
        'POST',
        '/v1/db/main/transactions',
        JSON_TYPE,
        '{"ops":[],"ops":[{"op":"delete","key":"untouched"}]}',
      ],
      [
        'a transaction nested without end',
        'POST',
        '/v1/db/main/transactions',
        JSON_TYPE,
        `{"ops":[{"op":"put","key":"untouched","json":${'['.repeat(100_000)}`,
      ],
      ['a transaction of 7 MiB', 'POST', '/v1/db/main/transactions', JSON_TYPE, new Uint8Array(7 * 1024 * 1024)],
      ['reads of an empty key', 'POST', '/v1/db/main/reads', JSON_TYPE, '{"gets":[{"key":""}]}'],
      ['reads with half a surrogate', 'POST', '/v1/db/main/reads', JSON_TYPE, '{"gets":[{"key":"\\ud800"}]}'],
      ['a warm with a body', 'POST', '/v1/db/main/warm', JSON_TYPE, '{}'],
      ['limit 0', 'GET', '/v1/db/main/keys?limit=0'],
      ['a limit above 1,000', 'GET', '/v1/db/main/keys?limit=1001'],
      ['a limit that is no number', 'GET', '/v1/db/main/keys?limit=ten'],
      ['a negative limit', 'GET', '/v1/db/main/keys?limit=-1'],
      ['a fractional limit', 'GET', '/v1/db/main/keys?limit=1.5'],
      ['a limit given twice', 'GET', '/v1/db/main/keys?limit=1&limit=2'],
      ['an unknown encoding', 'GET', '/v1/db/main/keys?encoding=rot13'],
      ['an unknown parameter', 'GET', '/v1/db/main/keys?prefx=a'],
      ['a cursor that nobody gave', 'GET', '/v1/db/main/keys?cursor=AAAA'],
      ['a cursor of nonsense', 'GET', '/v1/db/main/keys?cursor=%ff%00'],
      ['a prefix with a broken percent-encoding', 'GET', '/v1/db/main/keys?prefix=%'],
      ['a reverse that is neither true nor false', 'GET', '/v1/db/main/keys?reverse=maybe'],
      ['a read at nonsense', 'GET', '/v1/db/main/keys/untouched?at=yesterday'],
      ['a read of the future', 'GET', '/v1/db/main/keys/untouched?at=00000001000000999999'],
      ['a consistency that is not served', 'GET', '/v1/db/main/keys/untouched?consistency=eventual'],
    ];

    it.each(cases)('%s', async (_name, method, path, headers = {}, body) => {
      const answer = await call(`${leasehold.ready.gateway}${path}`, {
        method,
        headers: { authorization: `Bearer ${tenant.key}`, ...headers },
        body: body as RequestInit['body'],
      });
      expectProblem(answer);
    });

    it.each([
      ['no authorization', {}],
      ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
      ['an empty bearer', { authorization: 'Bearer ' }],
      ['a key with a wrong checksum', { authorization: 'Bearer lh_aaaaaaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbb' }],
      ['a control-plane token', { authorization: 'Bearer sometoken' }],
    ])('%s', async (_name, headers) => {
      const answer = await call(`${leasehold.ready.gateway}/v1/db/main/keys/untouched`, {
        headers: headers as Record<string, string>,
      });
      expectProblem(answer);
      expect(answer.status).toBe(401);
    });

    it('a key without the scope to write', async () => {
      const minted = await call(`${leasehold.ready.controlPlane}/v1/keys`, {
        method: 'POST',
        headers: { ...JSON_TYPE, authorization: `Bearer ${tenant.token}` },
        body: JSON.stringify({ name: 'reader', scopes: ['data:read'] }),
      });
      const { key } = minted.json<{ key: string }>();
      const answer = await call(`${leasehold.ready.gateway}/v1/db/main/keys/untouched`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}` },
        body: 'changed',
      });
      expectProblem(answer);
      expect(answer.status).toBe(403);
    });

    it.each([
      ['a request line of nonsense', 'NONSENSE\r\n\r\n'],
      ['a path that is no path', 'GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n'],
      [
        'two content lengths',
        'PUT /v1/db/main/keys/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      ],
      ['headers of 64 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'h'.repeat(65_536)}\r\n\r\n`],
    ])('%s on a bare socket', async (_name, text) => {
      const reply = await onSocket(leasehold.ready.gateway, text);
      expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(reply.toLowerCase()).toContain('content-type: application/problem+json');
      expect(reply).toMatch(/"code":"[a-z-]+"/);
    });
  });

  describe('at the control plane answer 4xx problem+json with a code', () => {
    const signup = { email: 'someone@example.com', password: 'long enough for anyone', organization: 'Some' };
    const cases: readonly [
      name: string,
      method: string,
      path: string,
      body?: unknown,
      headers?: Record<string, string>,
    ][] = [
      ['an unknown route', 'GET', '/v1/nothing'],
      ['a wrong method', 'PUT', '/v1/signup', signup],
      ['a signup without a body', 'POST', '/v1/signup'],
      ['a signup of malformed JSON', 'POST', '/v1/signup', '{"email":'],
      ['a signup of an array', 'POST', '/v1/signup', []],
      ['a signup of null', 'POST', '/v1/signup', null],
      ['a signup without a password', 'POST', '/v1/signup', { ...signup, password: undefined }],
      ['a signup with a short password', 'POST', '/v1/signup', { ...signup, password: 'short' }],
      ['a signup with a huge password', 'POST', '/v1/signup', { ...signup, password: 'p'.repeat(100_000) }],
      ['a signup with an address that is none', 'POST', '/v1/signup', { ...signup, email: 'nobody' }],
      ['a signup with a number for an address', 'POST', '/v1/signup', { ...signup, email: 7 }],
      ['a signup with an empty organization', 'POST', '/v1/signup', { ...signup, organization: '' }],
      ['a signup with NUL in the organization', 'POST', '/v1/signup', { ...signup, organization: 'a\u0000b' }],
      ['a signup with an unknown member', 'POST', '/v1/signup', { ...signup, role: 'admin' }],
      [
        'a signup with __proto__',
        'POST',
        '/v1/signup',
        '{"__proto__":{"role":"admin"},"email":"p@example.com","password":"long enough for anyone","organization":"P"}',
      ],
      ['a signup as plain text', 'POST', '/v1/signup', 'email=a', { 'content-type': 'text/plain' }],
      ['a signup of 5 MiB', 'POST', '/v1/signup', { ...signup, organization: 'o'.repeat(5 * 1024 * 1024) }],
      ['a login with a wrong password', 'POST', '/v1/login', { email: signup.email, password: 'not this one at all' }],
      ['a database without a name', 'POST', '/v1/databases', {}],
      ['a database with an odd name', 'POST', '/v1/databases', { name: '../../etc' }],
      ['a database with an empty name', 'POST', '/v1/databases', { name: '' }],
      ['a database with a huge name', 'POST', '/v1/databases', { name: 'n'.repeat(10_000) }],
      ['a database with an object for a name', 'POST', '/v1/databases', { name: {} }],
      ['a database that exists', 'POST', '/v1/databases', { name: 'main' }],
      ['a page of databases with a bad limit', 'GET', '/v1/databases?limit=abc'],
      ['a page of databases with a bad cursor', 'GET', '/v1/databases?cursor=%00%ff'],
      ['a key without scopes', 'POST', '/v1/keys', { name: 'k' }],
      ['a key with no scope', 'POST', '/v1/keys', { name: 'k', scopes: [] }],
      ['a key with an unknown scope', 'POST', '/v1/keys', { name: 'k', scopes: ['data:everything'] }],
      ['a key with a string for scopes', 'POST', '/v1/keys', { name: 'k', scopes: 'data:read' }],
      ['an unknown key to revoke', 'DELETE', '/v1/keys/%00'],
    ];

    // Whole rows: with fewer columns than parameters, Jest would pass a callback.
    const rows = cases.map(([name, method, path, body, headers = {}]) => ({ name, method, path, body, headers }));

    it.each(rows)('$name', async ({ method, path, body, headers }) => {
      const answer = await call(`${leasehold.ready.controlPlane}${path}`, {
        method,
        headers: { ...JSON_TYPE, authorization: `Bearer ${tenant.token}`, ...headers },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      });
      expectProblem(answer);
    });

    it.each([
      ['POST', '/v1/databases', { name: 'x' }],
      ['GET', '/v1/databases', undefined],
      ['POST', '/v1/keys', { name: 'x', scopes: ['data:read'] }],
      ['GET', '/v1/keys', undefined],
      ['GET', '/v1/me', undefined],
    ])('%s %s without a login', async (method, path, body) => {
      const answer = await call(`${leasehold.ready.controlPlane}${path}`, {
        method,
        headers: JSON_TYPE,
        body: body && JSON.stringify(body),
      });
      expectProblem(answer);
      expect(answer.status).toBe(401);
    });
  });

  it('change nothing', async () => {
    expect((await tenant.database.get('untouched')).body.toString()).toBe('as it was');
    const listed = await tenant.database.list();
    expect(listed.json<{ entries: unknown[] }>().entries).toHaveLength(1);
  });
});

function expectProblem(answer: Answer): void {
  const text = answer.body.toString('utf8');
  expect({ status: answer.status, text }).toEqual({
    status: expect.any(Number),
    text: expect.stringContaining('"code"'),
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = answer.json();
  expect(problem).toMatchObject({
    status: answer.status,
    code: expect.stringMatching(/^[a-z0-9-]+$/),
    title: expect.any(String),
  });
}

function onSocket(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let reply = '';
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (chunk) => (reply += chunk.toString('latin1')));
    socket.on('close', () => resolve(reply));
    socket.on('error', (error) => (reply ? resolve(reply) : reject(error)));
  });
}
