import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor } from '@leasehold/protocol';

import type { FakeWorker } from './testing/fake-worker.js';
import { GatewayWorld } from './testing/gateway-world.js';
import type { CallOptions } from './testing/gateway-world.js';

const VERSION = '"00000001000000000001"';
const foreignCursor = encodeCursor(
  { lastKey: Buffer.from('k'), pin: undefined },
  { prefix: Buffer.from('other'), start: undefined, end: undefined, reverse: false },
);

type Case = readonly [
  what: string,
  method: string,
  target: string,
  status: number,
  code: string,
  options?: CallOptions,
];

const anyRoute: readonly Case[] = [
  ['no key', 'GET', '', 401, 'unauthenticated', { key: '' }],
  ['another scheme', 'GET', '', 401, 'unauthenticated', { key: '', headers: { authorization: 'Basic YTpi' } }],
  ['an empty bearer', 'GET', '', 401, 'unauthenticated', { key: '', headers: { authorization: 'Bearer ' } }],
  ['two tokens', 'GET', '', 401, 'unauthenticated', { key: '', headers: { authorization: 'Bearer a b' } }],
  ['a malformed key', 'GET', '', 401, 'invalid-api-key', { key: 'lh_x' }],
  ['__proto__ as key', 'GET', '', 401, 'invalid-api-key', { key: '__proto__' }],
  ['an idempotency key', 'GET', '', 400, 'unsupported-header', { headers: { 'idempotency-key': '1' } }],
  ['a TTL', 'GET', '', 400, 'unsupported-header', { headers: { 'leasehold-ttl': '60' } }],
  ['an unmodified-since', 'GET', '', 400, 'unsupported-header', { headers: { 'if-unmodified-since': 'x' } }],
  ['a time to read at that is none', 'GET', '?at=1', 400, 'invalid-parameter'],
  ['a consistency that is not served', 'GET', '?consistency=eventual', 400, 'invalid-parameter'],
  ['an unknown parameter', 'GET', '?x', 400, 'invalid-parameter'],
  ['a parameter called __proto__', 'GET', '?__proto__=1', 400, 'invalid-parameter'],
  ['a malformed parameter name', 'GET', '?%=1', 400, 'invalid-parameter'],
  ['too many parameters', 'GET', `?${'a=1&'.repeat(1000)}`, 400, 'invalid-parameter'],
];

const cases: readonly Case[] = [
  ...['/v1/db/main/keys/a', '/v1/db/main/keys64/YQ', '/v1/db/main/keys', '/v1/db/main/stats'].flatMap((route) =>
    anyRoute.map(([what, method, suffix, ...rest]): Case => [what, method, `${route}${suffix}`, ...rest]),
  ),
  ['the database of another tenant', 'GET', '/v1/db/theirs/keys/a', 404, 'database-not-found'],
  ['a missing database', 'GET', '/v1/db/missing/stats', 404, 'database-not-found'],
  ['an impossible database', 'GET', '/v1/db/%2e%2e/keys', 404, 'database-not-found'],
  ['NUL as database', 'GET', '/v1/db/%00/keys', 404, 'database-not-found'],
  ['a long database name', 'GET', `/v1/db/${'n'.repeat(5000)}/keys`, 404, 'database-not-found'],
  ['a database name that is no UTF-8', 'GET', '/v1/db/%FF/keys', 400, 'invalid-request'],
  ['no database', 'GET', '/v1/db//keys', 404, 'route-not-found'],
  ['an empty key', 'GET', '/v1/db/main/keys/', 400, 'invalid-key'],
  ['an empty key to write', 'PUT', '/v1/db/main/keys/?', 400, 'invalid-key'],
  ['half an escape', 'GET', '/v1/db/main/keys/%4', 400, 'invalid-key'],
  ['an escape without digits', 'PUT', '/v1/db/main/keys/%zz', 400, 'invalid-key'],
  ['a fragment', 'GET', '/v1/db/main/keys/a#b', 400, 'invalid-key'],
  ['a long key', 'GET', `/v1/db/main/keys/${'a'.repeat(2049)}`, 400, 'key-too-long'],
  ['a very long key', 'DELETE', `/v1/db/main/keys/${'a'.repeat(9000)}`, 400, 'key-too-long'],
  [
    'a long base64url key',
    'GET',
    `/v1/db/main/keys64/${Buffer.alloc(2049).toString('base64url')}`,
    400,
    'key-too-long',
  ],
  ['padded base64', 'GET', '/v1/db/main/keys64/YQ==', 400, 'invalid-key'],
  ['base64 that is not for URLs', 'GET', '/v1/db/main/keys64/a+/b', 400, 'invalid-key'],
  ['an empty base64url key', 'GET', '/v1/db/main/keys64/', 400, 'invalid-key'],
  ['base64url that no bytes encode to', 'GET', '/v1/db/main/keys64/YR', 400, 'invalid-key'],
  ['a huge head', 'GET', `/v1/db/main/keys/${'a'.repeat(20_000)}`, 431, 'headers-too-large'],
  [
    'both conditions',
    'PUT',
    '/v1/db/main/keys/a',
    400,
    'invalid-precondition',
    { headers: { 'if-match': '*', 'if-none-match': '*' } },
  ],
  ['a weak tag', 'PUT', '/v1/db/main/keys/a', 400, 'invalid-precondition', { headers: { 'if-match': `W/${VERSION}` } }],
  [
    'an unquoted tag',
    'PUT',
    '/v1/db/main/keys/a',
    400,
    'invalid-precondition',
    { headers: { 'if-match': VERSION.slice(1, -1) } },
  ],
  [
    'a list of tags',
    'PUT',
    '/v1/db/main/keys/a',
    400,
    'invalid-precondition',
    { headers: { 'if-match': `${VERSION}, ${VERSION}` } },
  ],
  ['a foreign tag', 'PUT', '/v1/db/main/keys/a', 400, 'invalid-precondition', { headers: { 'if-match': '"abc"' } }],
  ['an empty condition', 'PUT', '/v1/db/main/keys/a', 400, 'invalid-precondition', { headers: { 'if-match': '' } }],
  [
    'If-None-Match with a version on a write',
    'PUT',
    '/v1/db/main/keys/a',
    400,
    'invalid-precondition',
    { headers: { 'if-none-match': VERSION } },
  ],
  [
    'If-None-Match on a delete',
    'DELETE',
    '/v1/db/main/keys/a',
    400,
    'invalid-precondition',
    { headers: { 'if-none-match': '*' } },
  ],
  [
    'If-Match on a read',
    'GET',
    '/v1/db/main/keys/a',
    400,
    'invalid-precondition',
    { headers: { 'if-match': VERSION } },
  ],
  ['a star on a read', 'GET', '/v1/db/main/keys/a', 400, 'invalid-precondition', { headers: { 'if-none-match': '*' } }],
  ['a large value', 'PUT', '/v1/db/main/keys/a', 413, 'value-too-large', { body: Buffer.alloc(512 * 1024 + 1) }],
  ['a very large value', 'PUT', '/v1/db/main/keys/a', 413, 'value-too-large', { body: Buffer.alloc(20 * 1024 * 1024) }],
  [
    'a compressed value',
    'PUT',
    '/v1/db/main/keys/a',
    415,
    'unsupported-media-type',
    { headers: { 'content-encoding': 'gzip' }, body: 'x' },
  ],
  [
    'a malformed content type',
    'PUT',
    '/v1/db/main/keys/a',
    415,
    'unsupported-media-type',
    { headers: { 'content-type': ';;' }, body: 'x' },
  ],
  ...['0', '-1', '1.5', '1e3', '', '315360001', '99999999999999999999', 'ten', '1, 1'].map((ttl): Case => [
    `the TTL ${ttl}`,
    'PUT',
    '/v1/db/main/keys/a',
    400,
    'invalid-expiry',
    { headers: { 'leasehold-ttl': ttl }, body: 'x' },
  ]),
  [
    'a TTL on a delete',
    'DELETE',
    '/v1/db/main/keys/a',
    400,
    'unsupported-header',
    { headers: { 'leasehold-ttl': '1' } },
  ],
  ...['', ' ', 'a b', 'k'.repeat(256), 'k\tk', '\u00e9'].flatMap((key) =>
    (['PUT /v1/db/main/keys/a', 'DELETE /v1/db/main/keys/a', 'DELETE /v1/db/main/keys?prefix=a'] as const).map(
      (route): Case => {
        const [method = '', target = ''] = route.split(' ');
        const options = { headers: { 'idempotency-key': key }, body: method === 'PUT' ? 'x' : undefined };
        return [`the idempotency key ${JSON.stringify(key)}`, method, target, 400, 'invalid-idempotency-key', options];
      },
    ),
  ),
  ['a version to write at', 'PUT', `/v1/db/main/keys/a?at=${VERSION.slice(1, -1)}`, 400, 'invalid-parameter'],
  ['a version to delete at', 'DELETE', `/v1/db/main/keys/a?at=${VERSION.slice(1, -1)}`, 400, 'invalid-parameter'],
  ['a version in quotes', 'GET', `/v1/db/main/keys/a?at=%22${VERSION.slice(1, -1)}%22`, 400, 'invalid-parameter'],
  ['a time with a bare plus', 'GET', '/v1/db/main/keys/a?at=2026-11-27T10:00:00+02:00', 400, 'invalid-parameter'],
  ['a day that no month has', 'GET', '/v1/db/main/keys/a?at=2026-02-30T10:00:00Z', 400, 'invalid-parameter'],
  ['an empty at', 'GET', '/v1/db/main/keys/a?at=', 400, 'invalid-parameter'],
  ['at twice', 'GET', '/v1/db/main/keys/a?at=1&at=1', 400, 'invalid-parameter'],
  ['an unknown consistency', 'GET', '/v1/db/main/keys/a?consistency=weak', 400, 'invalid-parameter'],
  ['a consistency of a listing', 'GET', '/v1/db/main/keys?consistency=strong', 400, 'invalid-parameter'],
  ...['0', '1001', '-1', '1.5', '1e2', 'ten', '', '%31%', '99999999999999999999', '+5'].map((limit): Case => [
    `the limit ${limit}`,
    'GET',
    `/v1/db/main/keys?limit=${limit}`,
    400,
    limit.endsWith('%') ? 'invalid-parameter' : 'invalid-limit',
  ]),
  ['a parameter twice', 'GET', '/v1/db/main/keys?limit=1&limit=1', 400, 'invalid-parameter'],
  ['a parameter twice, once in disguise', 'GET', '/v1/db/main/keys?limit=1&l%69mit=1', 400, 'invalid-parameter'],
  ['a bad reverse', 'GET', '/v1/db/main/keys?reverse=yes', 400, 'invalid-parameter'],
  ['a bad encoding', 'GET', '/v1/db/main/keys?encoding=hex', 400, 'invalid-parameter'],
  ['an encoding that is no UTF-8', 'GET', '/v1/db/main/keys?encoding=%FF', 400, 'invalid-parameter'],
  ['a prefix with half an escape', 'GET', '/v1/db/main/keys?prefix=%F', 400, 'invalid-parameter'],
  ['a prefix longer than any key', 'GET', `/v1/db/main/keys?prefix=${'p'.repeat(2049)}`, 400, 'invalid-parameter'],
  ['an internal parameter', 'GET', '/v1/db/main/keys?prefix64=YQ', 400, 'invalid-parameter'],
  ['a cursor of nonsense', 'GET', '/v1/db/main/keys?cursor=%FF', 400, 'invalid-parameter'],
  ['a short cursor', 'GET', '/v1/db/main/keys?cursor=AAAA', 400, 'invalid-cursor'],
  ['an empty cursor', 'GET', '/v1/db/main/keys?cursor=', 400, 'invalid-cursor'],
  ['the cursor of another listing', 'GET', `/v1/db/main/keys?cursor=${foreignCursor}`, 400, 'invalid-cursor'],
  [
    'an altered cursor',
    'GET',
    `/v1/db/main/keys?prefix=other&cursor=${foreignCursor.slice(0, -2)}AA`,
    400,
    'invalid-cursor',
  ],
  ['a wrong method', 'POST', '/v1/db/main/keys/a', 405, 'method-not-allowed', { body: 'x' }],
  ['a range delete of nothing', 'DELETE', '/v1/db/main/keys', 400, 'invalid-parameter'],
  ['a range delete of an empty prefix', 'DELETE', '/v1/db/main/keys?prefix=', 400, 'invalid-parameter'],
  ['a range delete of all and some', 'DELETE', '/v1/db/main/keys?all=true&prefix=a', 400, 'invalid-parameter'],
  ['a range delete of perhaps all', 'DELETE', '/v1/db/main/keys?all=1', 400, 'invalid-parameter'],
  ['a range delete with a limit', 'DELETE', '/v1/db/main/keys?prefix=a&limit=1', 400, 'invalid-parameter'],
  ['a range delete of a long bound', 'DELETE', `/v1/db/main/keys?end=${'e'.repeat(2049)}`, 400, 'invalid-parameter'],
  ['a range delete with half an escape', 'DELETE', '/v1/db/main/keys?prefix=%F', 400, 'invalid-parameter'],
  ['a range delete in the internal form', 'DELETE', '/v1/db/main/keys?start64=YQ', 400, 'invalid-parameter'],
  [
    'a range delete under a condition',
    'DELETE',
    '/v1/db/main/keys?prefix=a',
    400,
    'unsupported-header',
    { headers: { 'if-match': '*' } },
  ],
  ['a range delete with a slash too many', 'DELETE', '/v1/db/main/keys/?prefix=a', 400, 'invalid-key'],
  ['a condition on a listing', 'GET', '/v1/db/main/keys', 400, 'unsupported-header', { headers: { 'if-match': '*' } }],
  ['a GET of transactions', 'GET', '/v1/db/main/transactions', 405, 'method-not-allowed'],
  ['a PUT of reads', 'PUT', '/v1/db/main/reads', 405, 'method-not-allowed', { body: '{}' }],
  ['a GET of warm', 'GET', '/v1/db/main/warm', 405, 'method-not-allowed'],
  ['a body to warm', 'POST', '/v1/db/main/warm', 400, 'invalid-body', { body: '{}' }],
  ['a parameter to warm', 'POST', '/v1/db/main/warm?now', 400, 'invalid-parameter'],
  ['a write to statistics', 'PUT', '/v1/db/main/stats', 405, 'method-not-allowed', { body: 'x' }],
  ['OPTIONS without CORS', 'OPTIONS', '/v1/db/main/keys/a', 405, 'method-not-allowed'],
  ['TRACE', 'TRACE', '/v1/db/main/keys/a', 405, 'method-not-allowed'],
  ['an unknown route', 'GET', '/v1/db/main/nothing', 404, 'route-not-found'],
  ['the root', 'GET', '/', 404, 'route-not-found'],
  ['the internal routes of workers', 'GET', '/internal/v1/databases/x/stats', 404, 'route-not-found'],
  ['a path with a slash too many', 'GET', '//v1/db/main/stats', 404, 'route-not-found'],
  ['an absolute target', 'GET', 'http://other.test/v1/db/main/keys/a', 400, 'invalid-request'],
];

describe('wrong input', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  beforeAll(async () => {
    world = await new GatewayWorld().start();
    world.source.addDatabase('tenant-b', 'theirs', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12');
    worker = await world.addWorker();
  });
  afterAll(() => world.stop());

  it.each(cases.map((item) => [`${item[0]}: ${item[1]} ${item[2].slice(0, 60)}`, item] as const))(
    'is told, %s',
    async (_title, [, method, target, status, code, options]) => {
      const answer = await world.call(method, target, options);
      expect(answer.json()).toMatchObject({ status, code, requestId: answer.headers['x-request-id'] });
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
      expect(worker.received).toHaveLength(0);
    },
  );

  it('names the scope that a key lacks', async () => {
    const reader = world.source.addKey('tenant-a', ['data:read']);
    const writer = world.source.addKey('tenant-a', ['data:write']);
    for (const [method, key, requiredScope] of [
      ['PUT', reader, 'data:write'],
      ['DELETE', reader, 'data:write'],
      ['GET', writer, 'data:read'],
      ['HEAD', writer, 'data:read'],
    ] as const) {
      const answer = await world.call(method, '/v1/db/main/keys/a', { key, body: method === 'PUT' ? 'x' : undefined });
      expect(answer.status).toBe(403);
      if (method !== 'HEAD') expect(answer.json()).toMatchObject({ code: 'insufficient-scope', requiredScope });
    }
    expect(worker.received).toHaveLength(0);
  });

  it('never repeats a URL, and so a key, in a problem', async () => {
    for (const target of [
      '/v1/db/main/keys/my-secret?x=my-secret',
      '/my-secret',
      '/v1/db/my-secret%FF/keys',
      '/v1/db/main/keys?my-secret=1',
    ]) {
      expect((await world.call('GET', target)).body.toString()).not.toContain('my-secret');
    }
  });
});
