import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isErrorCode } from '@leasehold/protocol';
import fc from 'fast-check';

import type { FakeWorker } from '../testing/fake-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';
import type { CallOptions } from '../testing/gateway-world.js';

const TRANSACTIONS = '/v1/db/main/transactions';
const READS = '/v1/db/main/reads';
const JSON_TYPE = { 'content-type': 'application/json' };
const VERSION = '00000001000000000001';

let world: GatewayWorld;
let worker: FakeWorker;
beforeAll(async () => {
  world = await new GatewayWorld().start({ TENANT_REQUESTS_PER_SECOND: '1000000' });
  worker = await world.addWorker();
});
afterAll(() => world.stop());

const post = (target: string, body: string | Uint8Array, { headers = {}, key }: CallOptions = {}) =>
  world.call('POST', target, { body, key, headers: { ...JSON_TYPE, ...headers } });

type Case = readonly [what: string, target: string, body: string | Uint8Array, code: string, options?: CallOptions];

const ofBoth: readonly Case[] = [TRANSACTIONS, READS].flatMap((target): Case[] => [
  ['no body', target, '', 'invalid-body'],
  ['no JSON', target, '{', 'invalid-body'],
  ['a member twice', target, '{"at":"1","at":"2"}', 'invalid-body'],
  ['an unknown member', target, '{"sql":"DROP TABLE"}', 'invalid-body'],
  ['__proto__', target, '{"__proto__":{}}', 'invalid-body'],
  ['a body that is a list', target, '[]', 'invalid-body'],
  ['no UTF-8', target, Uint8Array.from([0x22, 0xff, 0x22]), 'invalid-body'],
  ['a byte order mark', target, '\ufeff{}', 'invalid-body'],
  ['deep nesting', target, `{"ops":${'['.repeat(50_000)}`, 'invalid-body'],
  ['half a surrogate pair', target, '{"\\ud800":1}', 'invalid-body'],
  ['an unknown parameter', `${target}?dry-run=true`, '{}', 'invalid-parameter'],
  ['no content type', target, '{}', 'unsupported-media-type', { headers: { 'content-type': 'text/plain' } }],
  [
    'a form',
    target,
    'a=1',
    'unsupported-media-type',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  [
    'another charset',
    target,
    '{}',
    'unsupported-media-type',
    { headers: { 'content-type': 'application/json; charset=latin1' } },
  ],
  ['a compressed body', target, '{}', 'unsupported-media-type', { headers: { 'content-encoding': 'gzip' } }],
  ['a condition', target, '{}', 'unsupported-header', { headers: { 'if-match': '*' } }],
  ['a lifetime for all', target, '{}', 'unsupported-header', { headers: { 'leasehold-ttl': '1' } }],
  [
    'a malformed idempotency key',
    TRANSACTIONS,
    '{}',
    'invalid-idempotency-key',
    { headers: { 'idempotency-key': 'a b' } },
  ],
  ['the database of another tenant', target.replace('main', 'theirs'), '{}', 'database-not-found'],
  ['a missing database', target.replace('main', 'missing'), '{', 'database-not-found'],
  ['no key', target, '{', 'unauthenticated', { key: '' }],
]);

const cases: readonly Case[] = [
  ...ofBoth,
  ['an idempotency key on reads', READS, '{}', 'unsupported-header', { headers: { 'idempotency-key': 'k' } }],
  ['an unknown operation', TRANSACTIONS, '{"ops":[{"op":"drop"}]}', 'invalid-body'],
  ['an empty key', TRANSACTIONS, '{"ops":[{"op":"delete","key":""}]}', 'invalid-key'],
  ['a range of everything by accident', TRANSACTIONS, '{"ops":[{"op":"deleteRange","range":{}}]}', 'invalid-body'],
  ['a body beyond the limit', TRANSACTIONS, Buffer.alloc(6 * 1024 * 1024 + 1, 0x20), 'transaction-too-large'],
  ['a body far beyond the limit', READS, Buffer.alloc(20 * 1024 * 1024, 0x20), 'body-too-large'],
  ['an unknown encoding', READS, '{"encoding":"hex"}', 'invalid-body'],
  ['a limit beyond the limit', READS, '{"lists":[{"limit":1001}]}', 'invalid-limit'],
  ['a malformed cursor', READS, '{"lists":[{"cursor":"AAAA"}]}', 'invalid-cursor'],
];

describe('wrong JSON', () => {
  beforeAll(() => void world.source.addDatabase('tenant-b', 'theirs', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12'));

  it.each(cases.map((item) => [`${item[0]}: ${item[1]}`, item] as const))(
    'is told, and no worker hears of it, %s',
    async (_title, [, target, body, code, options]) => {
      const answer = await post(target, body, options);
      expect(answer.json()).toMatchObject({ code, status: answer.status });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(worker.received).toHaveLength(0);
    },
  );

  it('names each wrong member', async () => {
    const answer = await post(TRANSACTIONS, '{"ops":[{"op":"put","key":1,"value":2,"x":3}]}');
    const { errors } = answer.json() as { errors: { member: string }[] };
    expect(errors.map(({ member }) => member).sort()).toEqual(['ops[0].key', 'ops[0].value', 'ops[0].x']);
  });

  it.each([TRANSACTIONS, READS])(
    'of any kind is told by %s over HTTP',
    async (target) => {
      const body = fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc
          .jsonValue()
          .map((value) => JSON.stringify(value))
          .filter((text) => text !== '{}'),
        fc.string().map((key) => JSON.stringify({ [key]: key })),
        fc.jsonValue().map((value) => JSON.stringify({ ops: [value], lists: [value] })),
      );
      await fc.assert(
        fc.asyncProperty(body, async (bytes) => {
          const answer = await post(target, bytes);
          const { code } = answer.json() as { code: string };
          expect([answer.status, isErrorCode(code)]).toEqual([400, true]);
        }),
        { numRuns: 300 },
      );
      expect(worker.received).toHaveLength(0);
    },
    60_000,
  );
});

describe('the scopes of a transaction', () => {
  const check = { key: 'a', version: VERSION };
  const put = { op: 'put', key: 'a', value: 'v' };

  it.each([
    ['data:read', { checks: [check] }, 200],
    ['data:read', {}, 200],
    ['data:read', { ops: [put] }, 403],
    ['data:read', { checks: [check], ops: [put] }, 403],
    ['data:write', { ops: [put] }, 200],
    ['data:write', { checks: [check], ops: [put] }, 200],
    ['data:write', { checks: [check] }, 403],
    ['usage:read', {}, 403],
  ] as const)('%s may ask for %j: %i', async (scope, body, status) => {
    const key = world.source.addKey('tenant-a', [scope]);
    const before = worker.received.length;
    const answer = await post(TRANSACTIONS, JSON.stringify(body), { key });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.json()).toMatchObject({ code: 'insufficient-scope' });
    expect(worker.received.length - before).toBe(status === 200 ? 1 : 0);
  });

  it.each([
    ['POST', READS, 'data:read', 'data:write'],
    ['POST', '/v1/db/main/warm', 'data:read', 'data:write'],
    ['DELETE', '/v1/db/main/keys?prefix=a', 'data:write', 'data:read'],
  ] as const)('%s %s needs %s', async (method, target, right, wrong) => {
    const body = target === READS ? '{}' : undefined;
    const call = (scope: typeof right | typeof wrong) =>
      world.call(method, target, {
        key: world.source.addKey('tenant-a', [scope]),
        headers: body ? JSON_TYPE : {},
        body,
      });
    expect((await call(right)).status).toBe(200);
    expect((await call(wrong)).json()).toMatchObject({ code: 'insufficient-scope', requiredScope: right });
  });
});
