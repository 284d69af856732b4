import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  decodeTransaction,
  encodeCursor,
  parseInternalListQuery,
  parseSnapshotBody,
  rawQueryOf,
} from '@leasehold/protocol';

import { FakeChangeLog } from '../testing/fake-change-log.js';
import type { FakeWorker, ReceivedHop } from '../testing/fake-worker.js';
import { answerStored } from '../testing/fake-worker.js';
import { FeedClient } from '../testing/feed-client.js';
import { GatewayWorld } from '../testing/gateway-world.js';
import { TokenMaker } from '../testing/token-maker.js';

const OTHER_DATABASE_ID = '1b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12';
const PREFIX = 'users/1/';
/** Requests as rows of a table: without a body an empty one. */
const asked = (rows: readonly (readonly [method: string, resource: string, body?: unknown])[]) =>
  rows.map(([method, resource, body = '']) => [method, resource, body] as const);
const JSON_TYPE = { 'content-type': 'application/json' };

describe('a token at the gateway', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  let maker: TokenMaker;
  /** For all keys of `main`, and for those of one prefix. */
  let whole: string;
  let confined: string;

  const hops = (): readonly ReceivedHop[] => worker.received;
  const call = (token: string, method: string, resource: string, body?: unknown) =>
    world.call(method, `/v1/db/main/${resource}`, {
      key: token,
      ...(typeof body === 'object' ? { body: JSON.stringify(body), headers: JSON_TYPE } : { body: body as string }),
    });
  async function codeOf(token: string, method: string, resource: string, body?: unknown): Promise<unknown> {
    const { status, body: bytes, json } = await call(token, method, resource, body);
    return status < 400 ? status : bytes.byteLength === 0 ? `HEAD ${status}` : json()['code'];
  }

  beforeAll(async () => {
    world = new GatewayWorld();
    maker = await TokenMaker.over(world.source);
    world.source.addDatabase('tenant-a', 'other', OTHER_DATABASE_ID);
    world.source.addDatabase('tenant-b', 'main', '2b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d13');
    await world.start({ TENANT_BURST_REQUESTS: '10000' });
    worker = await world.addWorker();
    whole = await maker.make(world.key);
    confined = await maker.make(world.key, { keyPrefix: Buffer.from(PREFIX) });
  });
  afterEach(() => {
    worker.received.splice(0);
    worker.behaviour = answerStored(new Map());
  });
  afterAll(() => world.stop());

  it('reads and writes what its key may', async () => {
    worker.behaviour = answerStored(new Map());
    expect((await call(whole, 'PUT', 'keys/k', 'value')).status).toBe(200);
    const { body, headers } = await call(whole, 'GET', 'keys/k');
    expect([body.toString(), headers['ratelimit']]).toEqual(['value', expect.stringContaining('"requests"')]);
    expect(await codeOf(whole, 'GET', 'stats')).toBe(200);
    const [first] = hops();
    expect(JSON.stringify(first?.headers)).not.toContain(whole);
  });

  it('has no more than its scopes', async () => {
    const reader = await maker.make(world.key, { scopes: new Set(['data:read']) });
    const { status, json } = await call(reader, 'PUT', 'keys/k', 'value');
    expect([status, json()]).toMatchObject([403, { code: 'insufficient-scope', requiredScope: 'data:write' }]);
    expect(json()['detail']).toBe('the token lacks the scope data:write');
    const key = world.source.addKey('tenant-a', ['data:read']);
    const more = await maker.make(key);
    expect([await codeOf(more, 'GET', 'keys'), await codeOf(more, 'DELETE', 'keys/k')]).toEqual([
      200,
      'insufficient-scope',
    ]);
    expect(hops()).toHaveLength(1);
  });

  it('finds its own database only, and all others look like missing ones', async () => {
    const problems = [];
    for (const name of ['other', 'missing', 'Impossible']) {
      const { status, json } = await world.call('GET', `/v1/db/${name}/keys/k`, { key: whole });
      problems.push([status, { ...json(), requestId: '' }]);
    }
    expect(problems[0]).toMatchObject([404, { code: 'database-not-found' }]);
    expect([problems[1], problems[2]]).toEqual([problems[0], problems[0]]);
    const stranger = await maker.make(world.source.addKey('tenant-b', ['data:read']), {
      tenantId: 'tenant-b' as never,
    });
    // It names the database of tenant-a, and `main` is another one for its tenant.
    expect(await codeOf(stranger, 'GET', 'keys/k')).toBe('database-not-found');
    expect(hops()).toHaveLength(0);
  });

  it('does not follow its name to another database', async () => {
    world.source.addDatabase('tenant-a', 'again', '3b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d14');
    const again = await maker.make(world.key, { database: { id: OTHER_DATABASE_ID as never, name: 'again' } });
    expect((await world.call('GET', '/v1/db/again/keys/k', { key: again })).json()['code']).toBe('database-not-found');
  });

  it('of a key of another tenant is not valid', async () => {
    const token = await maker.make(world.source.addKey('tenant-b', ['data:read']));
    expect(await codeOf(token, 'GET', 'keys/k')).toBe('invalid-token');
  });

  it('that is not valid is refused before anything of the request is looked at', async () => {
    const [header, claims, signature] = whole.split('.');
    for (const bad of [`${header}.${claims}.`, `${header}.${signature}.${claims}`, 'a.b.c', '..', `${whole}A`]) {
      const { status, headers, json } = await call(bad, 'PUT', 'keys/%zz?nonsense', 'x');
      expect([status, json()['code']]).toEqual([401, 'invalid-token']);
      expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    }
    const ended = await maker.make(world.key, { issuedAt: Date.now() - 9_000, expiresAt: Date.now() - 1_000 });
    expect(await codeOf(ended, 'GET', 'keys/k')).toBe('invalid-token');
    const unsigned = await (await TokenMaker.over({ publish: () => undefined } as never)).make(world.key);
    expect(await codeOf(unsigned, 'GET', 'keys/k')).toBe('invalid-token');
    expect(hops()).toHaveLength(0);
  });

  describe('with a key prefix', () => {
    const RANGE = { prefix: PREFIX };
    const version = '00000001000000000007';
    const put = (key: string) => ({ ops: [{ op: 'put', key, value: 'v' }] });

    it.each(
      asked([
        ['PUT', 'keys/users%2F1%2Fname', 'v'],
        ['PUT', `keys64/${Buffer.from('users/1/x').toString('base64url')}`, 'v'],
        ['PUT', 'keys/users%2F1%2F', 'v'],
        ['DELETE', 'keys/users/1/name'],
        ['GET', 'keys'],
        ['HEAD', 'keys'],
        ['GET', 'keys?prefix='],
        ['GET', 'keys?prefix=users/1/'],
        ['GET', 'keys?prefix=users/1/a&start=users/1/ab&reverse=true'],
        ['GET', 'keys?start=a&end=z'],
        ['DELETE', 'keys?prefix=users/1/'],
        ['DELETE', 'keys?start=users/1/a&end=users/1/b'],
        ['DELETE', 'keys?start=users/1/a&end=users/10'],
        ['POST', 'transactions', put('users/1/x')],
        ['POST', 'transactions', { checks: [{ range: RANGE, since: version }] }],
        ['POST', 'transactions', { ops: [{ op: 'deleteRange', range: RANGE }] }],
        ['POST', 'reads', { gets: [{ key: 'users/1/x' }], lists: [{}, RANGE, { start: 'a' }] }],
        ['POST', 'warm'],
      ]),
    )('is let through: %s %s %j', async (method, resource, body) => {
      expect(await codeOf(confined, method, resource, body)).toBe(200);
      expect(hops()).toHaveLength(1);
    });

    it.each(
      asked([
        ['GET', 'keys/users%2F2%2Fname'],
        ['GET', 'keys/users%2F1'],
        ['GET', 'keys/users%2F10'],
        ['PUT', 'keys/Users%2F1%2Fname', 'v'],
        ['PUT', 'keys/users%252F1%252Fname', 'v'],
        ['PUT', `keys64/${Buffer.from('users/2/x').toString('base64url')}`, 'v'],
        ['DELETE', 'keys/a'],
        ['GET', 'keys?prefix=users/'],
        ['GET', 'keys?prefix=users/2/'],
        ['GET', 'keys?prefix=u&start=users/1/a&end=users/1/b'],
        ['DELETE', 'keys?all=true'],
        ['DELETE', 'keys?prefix=users/'],
        ['DELETE', 'keys?start=users/1/a'],
        ['DELETE', 'keys?end=users/1/a'],
        ['DELETE', 'keys?start=users/1/a&end=users/2'],
        ['POST', 'transactions', put('users/2/x')],
        ['POST', 'transactions', { ops: [...put('users/1/x').ops, ...put('x').ops] }],
        ['POST', 'transactions', { checks: [{ key: 'x', version: null }], ...put('users/1/x') }],
        ['POST', 'transactions', { checks: [{ key: 'x', version: null }] }],
        ['POST', 'transactions', { checks: [{ range: { all: true }, since: version }], ...put('users/1/x') }],
        ['POST', 'transactions', { checks: [{ range: { start: 'users/1/a' }, since: version }] }],
        ['POST', 'transactions', { ops: [{ op: 'deleteRange', range: { all: true } }] }],
        ['POST', 'transactions', { ops: [{ op: 'sum', key: 'count', operand: 1 }] }],
        ['POST', 'reads', { gets: [{ key: 'users/1/x' }, { key: 'x' }] }],
        ['POST', 'reads', { lists: [{ prefix: 'users/' }] }],
        ['GET', 'stats'],
        ['GET', 'changes?prefix=users/'],
      ]),
    )('is refused: %s %s %j', async (method, resource, body) => {
      const { status, json } = await call(confined, method, resource, body);
      expect([status, json()['code']]).toEqual([403, 'outside-key-prefix']);
      expect(hops()).toHaveLength(0);
    });

    it('hears the same of keys that exist and of keys that do not', async () => {
      await call(whole, 'PUT', 'keys/there', 'v');
      const answers = [await call(confined, 'GET', 'keys/there'), await call(confined, 'GET', 'keys/not-there')];
      const [there, not] = answers.map(({ json }) => ({ ...json(), requestId: '' }));
      expect(there).toEqual(not);
    });

    it('lists its prefix where it names none', async () => {
      for (const resource of ['keys?start=a&end=z', 'keys']) await call(confined, 'GET', resource);
      for (const { path } of hops()) {
        expect(parseInternalListQuery(rawQueryOf(path)).prefix).toEqual(Buffer.from(PREFIX));
      }
      worker.received.splice(0);
      await call(confined, 'POST', 'reads', { lists: [{}, { prefix: `${PREFIX}a` }] });
      const { lists } = parseSnapshotBody(hops()[0]?.body ?? Buffer.alloc(0));
      expect(lists.map(({ prefix }) => Buffer.from(prefix ?? []).toString())).toEqual([PREFIX, `${PREFIX}a`]);
    });

    it('goes on with its own cursors, and is led nowhere by a made one', async () => {
      const range = { prefix: Buffer.from(PREFIX), start: undefined, end: undefined, reverse: false };
      const cursorAt = (key: string, more = {}) =>
        encodeCursor({ lastKey: Buffer.from(key), pin: undefined }, { ...range, ...more });
      expect(await codeOf(confined, 'GET', `keys?cursor=${cursorAt('users/1/a')}`)).toBe(200);
      for (const key of ['a', 'users/0', 'users/2', 'z']) {
        expect(await codeOf(confined, 'GET', `keys?cursor=${cursorAt(key)}`)).toBe('invalid-cursor');
        const reverse = cursorAt(key, { reverse: true });
        expect(await codeOf(confined, 'GET', `keys?reverse=true&cursor=${reverse}`)).toBe('invalid-cursor');
        const lists = [{ cursor: cursorAt(key) }];
        expect(await codeOf(confined, 'POST', 'reads', { lists })).toBe('invalid-cursor');
      }
      const ofAll = cursorAt('users/1/a', { prefix: undefined });
      expect(await codeOf(confined, 'GET', `keys?cursor=${ofAll}`)).toBe('invalid-cursor');
    });

    it('sends on exactly the transaction that was checked', async () => {
      await call(confined, 'POST', 'transactions', put('users/1/x'));
      const { ops } = decodeTransaction(hops()[0]?.body ?? Buffer.alloc(0));
      expect(ops).toMatchObject([{ op: 'put', key: Buffer.from('users/1/x') }]);
    });
  });

  describe('of which a change feed was opened', () => {
    const clients: FeedClient[] = [];
    let log: FakeChangeLog;

    async function open(token: string, query = ''): Promise<FeedClient> {
      log = new FakeChangeLog();
      worker.behaviour = log.serve;
      const headers = { authorization: `Bearer ${token}` };
      const client = await FeedClient.open(world.url, `/v1/db/main/changes${query}`, { headers });
      clients.push(client);
      return client;
    }
    afterEach(() => clients.splice(0).forEach((client) => client.close()));

    it.each(
      asked([
        ['PUT', 'keys/users%2F1%2Fa', 'v'],
        ['DELETE', 'keys64/dXNlcnMvMS9h'],
        ['DELETE', 'keys?prefix=users%2F1%2F'],
        ['POST', 'transactions', { ops: [{ op: 'delete', key: 'users/1/a' }] }],
      ]),
    )('has idempotency keys of its own: %s %s', async (method, resource, body) => {
      worker.behaviour = answerStored(new Map());
      const other = await maker.make(world.key, { keyPrefix: Buffer.from('users/1/a') });
      const names: unknown[] = [];
      for (const key of [whole, confined, confined, other]) {
        const headers = { ...(typeof body === 'object' ? JSON_TYPE : {}), 'idempotency-key': 'order-17' };
        const text = typeof body === 'object' ? JSON.stringify(body) : body;
        const sent = resource.startsWith('keys?') && key === other ? 'keys?prefix=users%2F1%2Fa' : resource;
        await world.call(method, `/v1/db/main/${sent}`, { key, headers, body: text as string });
        names.push(hops().at(-1)?.headers['idempotency-key']);
      }
      const [ofAll, first, second, ofOther] = names;
      expect(ofAll).toBe('order-17');
      expect(first).toMatch(/^confined-[\w-]{43}$/);
      expect(second).toBe(first);
      expect(ofOther).toMatch(/^confined-/);
      expect(ofOther).not.toBe(first);
      expect(hops()).toHaveLength(4);
    });

    it('follows its prefix where it names none', async () => {
      for (const [query, prefix] of [
        ['', PREFIX],
        ['&prefix=users/1/a', 'users/1/a'],
      ]) {
        const client = await open(confined, `?since=0${query}`);
        expect(client.status).toBe(200);
        expect(log.asked.map((part) => Buffer.from(part.prefix ?? []).toString())).toContain(prefix);
        client.close();
      }
    });

    it('ends it when it ends itself, before anything more is told', async () => {
      const expiresAt = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
      const client = await open(await maker.make(world.key, { expiresAt, issuedAt: expiresAt - 5_000 }), '?since=0');
      log.commit('1');
      await client.until('the commit', () => client.ids.length === 1);
      while (Date.now() < expiresAt) await new Promise((resolve) => setTimeout(resolve, 20));
      log.commit('secret');
      await client.untilEnded();
      expect([client.error?.['code'], client.ids.length]).toEqual(['invalid-token', 1]);
    });
  });

  it('dies with its key within two seconds', async () => {
    const key = world.source.addKey('tenant-a', ['data:read', 'data:write']);
    const token = await maker.make(key);
    expect(await codeOf(token, 'GET', 'keys')).toBe(200);
    world.source.revoke(key);
    const startedAt = performance.now();
    while ((await codeOf(token, 'GET', 'keys')) !== 'invalid-token') {
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await call(token, 'GET', 'keys')).json()).not.toHaveProperty('tenant');
  });

  it('is believed no more when its signing key is gone', async () => {
    const token = await maker.make(undefined);
    expect(await codeOf(token, 'GET', 'keys')).toBe(200);
    await TokenMaker.over(world.source);
    const startedAt = performance.now();
    while ((await codeOf(token, 'GET', 'keys')) !== 'invalid-token') {
      expect(performance.now() - startedAt).toBeLessThan(2_500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});
