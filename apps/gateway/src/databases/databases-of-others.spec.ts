import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatabaseEntry, Scope } from '@leasehold/directory';
import { HOP_HEADERS } from '@leasehold/protocol';

import { FakeChangeLog } from '../testing/fake-change-log.js';
import type { FakeWorker } from '../testing/fake-worker.js';
import { FeedClient } from '../testing/feed-client.js';
import { GatewayWorld } from '../testing/gateway-world.js';
import type { CallOptions } from '../testing/gateway-world.js';

const CREATE = { 'leasehold-create-database': 'if-missing' };
const ALL: readonly Scope[] = ['data:read', 'data:write', 'db:create'];
const JSON_TYPE = { 'content-type': 'application/json' };
/** Of one tenant at one gateway (`DEFAULT_FEED_SETTINGS`). */
const TENANT_FEEDS = 100;

let world: GatewayWorld;
let worker: FakeWorker;
beforeAll(async () => {
  world = await new GatewayWorld().start({ TENANT_REQUESTS_PER_SECOND: '1000000' });
  worker = await world.addWorker();
});
afterAll(() => world.stop());

async function told(method: string, target: string, options: CallOptions) {
  const answer = await world.call(method, target, options);
  const { code, requiredScope } = (answer.json() ?? {}) as { code?: string; requiredScope?: string };
  return [answer.status, code ?? requiredScope];
}

describe('a database that another tenant has granted', () => {
  let theirs: DatabaseEntry;
  let key: string;
  const read = (name = 'owner~orders', options: CallOptions = {}) =>
    told('GET', `/v1/db/${name}/keys?limit=1`, { key, ...options });
  const write = (name = 'owner~orders', options: CallOptions = {}) =>
    told('PUT', `/v1/db/${name}/keys/a`, { key, body: 'v', ...options });
  const transact = (body: object) =>
    told('POST', '/v1/db/owner~orders/transactions', { key, body: JSON.stringify(body), headers: JSON_TYPE });

  beforeAll(() => {
    key = world.source.addKey('tenant-b', ALL);
    theirs = world.source.addDatabase('tenant-o', 'orders', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d13');
    world.source.share('tenant-b', 'owner~orders', theirs, 'read');
    world.source.share('tenant-b', 'owner~drafts', theirs, 'write');
  });

  it('is read as the database of its owner', async () => {
    expect(await read()).toEqual([200, undefined]);
    const hop = worker.received.at(-1);
    expect([hop?.headers[HOP_HEADERS.tenant], hop?.headers[HOP_HEADERS.database]]).toEqual(['tenant-o', 'orders']);
    expect(hop?.path).toContain(theirs.id);
  });

  it('is written where that was granted, and nowhere else, whatever the key may', async () => {
    expect(await write('owner~drafts')).toEqual([200, undefined]);
    const before = worker.received.length;
    const refused = [403, 'insufficient-scope'];
    expect(await write()).toEqual(refused);
    expect(await told('DELETE', '/v1/db/owner~orders/keys?all=true', { key })).toEqual(refused);
    expect(await told('DELETE', '/v1/db/owner~orders/keys/a', { key })).toEqual(refused);
    expect(await transact({ ops: [{ op: 'put', key: 'a', value: 'v' }] })).toEqual(refused);
    expect(worker.received.length).toBe(before);
    expect(await transact({ checks: [{ key: 'a', version: null }] })).toEqual([200, undefined]);
  });

  it('is found by KV Connect under the name that its client knows', async () => {
    const body = JSON.stringify({ supportedVersions: [2, 3] });
    const answer = await world.call('POST', '/kv/owner~orders', { key, headers: JSON_TYPE, body });
    expect(answer.json()).toMatchObject({ databaseId: theirs.id });
    const { url } = (answer.json() as { endpoints: { url: string }[] }).endpoints[0] ?? { url: '' };
    expect(new URL(url, `${world.url}/kv/owner~orders`).pathname).toBe('/kv/owner~orders/v2');
  });

  it('has idempotency keys of its guests apart from those of its owner, and from each other', async () => {
    const host = world.source.addKey('tenant-o', ALL);
    const other = world.source.addKey('tenant-d', ALL);
    world.source.share('tenant-d', 'owner~drafts', theirs, 'write');
    const named = async (method: string, name: string, by: string) => {
      expect(await told(method, `/v1/db/${name}/keys/a`, { key: by, headers: { 'idempotency-key': 'once' } })).toEqual([
        200,
        undefined,
      ]);
      return worker.received.at(-1)?.headers['idempotency-key'];
    };
    for (const method of ['PUT', 'DELETE']) {
      const names = [
        await named(method, 'orders', host),
        await named(method, 'owner~drafts', key),
        await named(method, 'owner~drafts', other),
      ];
      expect([names[0], new Set(names).size]).toEqual(['once', 3]);
      expect(await named(method, 'owner~drafts', key)).toBe(names[1]);
    }
  });

  it('leaves its owner the places for feeds, however many its guests have', async () => {
    const before = worker.behaviour;
    worker.behaviour = new FakeChangeLog().serve;
    const feeds: FeedClient[] = [];
    const follow = async (name: string, by: string) => {
      const headers = { authorization: `Bearer ${by}` };
      feeds.push(await FeedClient.open(world.url, `/v1/db/${name}/changes?since=0`, { headers }));
    };
    try {
      await Promise.all(Array.from({ length: TENANT_FEEDS }, () => follow('owner~orders', key)));
      const refused = [429, 'too-many-requests'];
      expect(await told('GET', '/v1/db/owner~orders/changes?since=0', { key })).toEqual(refused);
      await follow('orders', world.source.addKey('tenant-o', ALL));
    } finally {
      for (const feed of feeds) feed.close();
      worker.behaviour = before;
    }
  });

  it('takes nothing more while the storage of its owner is used up, and all while only that of its guest is', async () => {
    world.source.share('tenant-b', 'owner~drafts', theirs, 'write');
    const put = () => write('owner~drafts');
    const both = async (method: string, target: string, body?: string) =>
      told(method, `/v1/db/owner~drafts/${target}`, { key, headers: JSON_TYPE, ...(body && { body }) });
    const soon = async (code: string | undefined) => {
      const startedAt = performance.now();
      while ((await put())[1] !== code) expect(performance.now() - startedAt).toBeLessThan(2_000);
    };
    world.source.setQuotas('tenant-b', { usedUpStorageBytes: 1 });
    while (!world.source.allTold) await put();
    expect(await put()).toEqual([200, undefined]);
    world.source.setQuotas('tenant-o', { usedUpStorageBytes: 1 });
    await soon('quota-exceeded');
    const ops = JSON.stringify({ ops: [{ op: 'put', key: 'a', value: 'v' }] });
    expect(await both('POST', 'transactions', ops)).toEqual([429, 'quota-exceeded']);
    expect(await both('DELETE', 'keys/a')).toEqual([200, undefined]);
    expect(await both('GET', 'keys?limit=1')).toEqual([200, undefined]);
    for (const tenant of ['tenant-b', 'tenant-o']) world.source.setQuotas(tenant, {});
    await soon(undefined);
  });

  it('is none to whom it was not granted, nor to keys that are confined to names', async () => {
    const missing = [404, 'database-not-found'];
    for (const name of [
      'orders',
      'owner~missing',
      'other~orders',
      '~orders',
      'owner~',
      'owner~~orders',
      'a~b~c',
      'Owner~orders',
    ]) {
      expect([name, await read(name)]).toEqual([name, missing]);
    }
    expect(await read('owner~orders', { key: world.key })).toEqual(missing);
    for (const databases of [['o*'], ['owner*'], ['orders'], ['*orders']]) {
      const confined = world.source.addKey('tenant-b', ALL, { databases, keyPrefix: undefined });
      expect(await read('owner~orders', { key: confined })).toEqual(missing);
    }
  });

  it('is not made by a write, where it is none', async () => {
    expect(await write('owner~missing', { headers: CREATE })).toEqual([404, 'database-not-found']);
  });

  it('is gone within two seconds of the end of the grant', async () => {
    expect(await write('owner~drafts')).toEqual([200, undefined]);
    const startedAt = performance.now();
    world.source.unshare('tenant-b', 'owner~drafts');
    while ((await write('owner~drafts'))[0] === 200) expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await write('owner~drafts')).toEqual([404, 'database-not-found']);
  });
});

describe('a first write that makes its database', () => {
  let key: string;
  let number = 0;
  const fresh = () => `fresh-${++number}`;
  const write = (name: string, options: CallOptions = {}) =>
    told('PUT', `/v1/db/${name}/keys/a`, { key, body: 'v', headers: CREATE, ...options });

  beforeAll(() => {
    key = world.source.addKey('tenant-c', ALL);
  });

  it('is written, and so is the next one that says nothing', async () => {
    const name = fresh();
    expect(await write(name, { headers: {} })).toEqual([404, 'database-not-found']);
    expect(await write(name)).toEqual([200, undefined]);
    expect(worker.received.at(-1)?.headers).not.toHaveProperty('leasehold-create-database');
    expect(await write(name, { headers: {} })).toEqual([200, undefined]);
    expect(await write(name)).toEqual([200, undefined]);
  });

  it('makes one database, however many come at once', async () => {
    const name = fresh();
    const answers = await Promise.all(Array.from({ length: 10 }, () => write(name)));
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([200]));
  });

  it('may be a transaction, and no read', async () => {
    const name = fresh();
    const headers = { ...CREATE, ...JSON_TYPE };
    const body = JSON.stringify({ ops: [{ op: 'put', key: 'a', value: 'v' }] });
    expect(await told('GET', `/v1/db/${name}/keys/a`, { key, headers: CREATE })).toEqual([404, 'database-not-found']);
    expect(await told('POST', `/v1/db/${name}/transactions`, { key, headers, body })).toEqual([200, undefined]);
    expect(await told('GET', `/v1/db/${name}/keys/a`, { key, headers: CREATE })).toEqual([400, 'unsupported-header']);
  });

  it.each([
    ['a precondition', 400, 'PUT', 'keys/a', { 'if-match': 'nonsense' }, 'v'],
    ['an expiry', 400, 'PUT', 'keys/a', { 'leasehold-ttl': '-1' }, 'v'],
    ['an idempotency key', 400, 'PUT', 'keys/a', { 'idempotency-key': '' }, 'v'],
    ['a query', 400, 'PUT', 'keys/a?x=1', {}, 'v'],
    ['a key', 400, 'PUT', `keys/${'a'.repeat(3_000)}`, {}, 'v'],
    ['a header', 400, 'PUT', 'keys/a', { 'if-unmodified-since': 'now' }, 'v'],
    ['JSON', 400, 'POST', 'transactions', JSON_TYPE, '{"ops":['],
    ['an operation', 400, 'POST', 'transactions', JSON_TYPE, '{"ops":[{"op":"move","key":"a"}]}'],
  ] as const)('is none where %s is wrong', async (_what, status, method, target, headers, body) => {
    const name = fresh();
    const [answered] = await told(method, `/v1/db/${name}/${target}`, {
      key,
      headers: { ...CREATE, ...headers },
      body,
    });
    expect(answered).toBe(status);
    expect(await write(name, { headers: {} })).toEqual([404, 'database-not-found']);
  });

  it('is none where there is no room to write it', async () => {
    const full = world.source.addKey('tenant-f', ALL);
    await write(fresh(), { key: full });
    world.source.setQuotas('tenant-f', { usedUpStorageBytes: 1 });
    const startedAt = performance.now();
    const soon = () => write(fresh(), { key: full });
    while ((await soon())[1] !== 'quota-exceeded') expect(performance.now() - startedAt).toBeLessThan(2_000);
    const name = fresh();
    expect(await write(name, { key: full })).toEqual([429, 'quota-exceeded']);
    expect(await write(name, { key: full, headers: {} })).toEqual([404, 'database-not-found']);
  });

  it('needs a key that may make it', async () => {
    const plain = world.source.addKey('tenant-c', ['data:read', 'data:write']);
    expect(await write(fresh(), { key: plain })).toEqual([403, 'insufficient-scope']);
    const reading = world.source.addKey('tenant-c', ['data:read', 'db:create']);
    expect(await write(fresh(), { key: reading })).toEqual([403, 'insufficient-scope']);
    const confined = world.source.addKey('tenant-c', ALL, { databases: ['mine-*'], keyPrefix: undefined });
    expect(await write(fresh(), { key: confined })).toEqual([404, 'database-not-found']);
    expect(await write('mine-1', { key: confined })).toEqual([200, undefined]);
    expect(await write(fresh(), { key: '' })).toEqual([401, 'unauthenticated']);
    expect(await write('Not-A-Name')).toEqual([404, 'database-not-found']);
    expect(await write(fresh(), { headers: { 'leasehold-create-database': 'yes' } })).toEqual([400, 'invalid-request']);
  });

  it('is refused past the quota', async () => {
    world.source.databasesAllowed = 0;
    expect(await write(fresh())).toEqual([429, 'quota-exceeded']);
    world.source.databasesAllowed = Infinity;
    expect(await write(fresh())).toEqual([200, undefined]);
  });
});
