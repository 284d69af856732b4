import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Kv } from '@deno/kv';
import { openKv } from '@deno/kv';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { encodeStoredValue } from '@leasehold/protocol';

import { FakeEntries } from '../testing/fake-entries.js';
import type { FakeWorker } from '../testing/fake-worker.js';
import { answerProblem, loseReply } from '../testing/fake-worker.js';
import { DATABASE_ID, GatewayWorld } from '../testing/gateway-world.js';

const DATA_PATH = '/kv/main/v2';
const MESSAGE_HEADERS = {
  'content-type': 'application/x-protobuf',
  'x-denokv-version': '3',
  'x-denokv-database-id': DATABASE_ID,
};

let world: GatewayWorld;
let worker: FakeWorker;
let entries: FakeEntries;
const clients: Kv[] = [];
/** Every body that the client has sent, by the last part of its path. */
const sent = new Map<string, Uint8Array>();

beforeEach(async () => {
  world = await new GatewayWorld().start({
    TENANT_BURST_REQUESTS: '1000000',
    TENANT_REQUESTS_PER_SECOND: '1000000',
    TENANT_BYTES_PER_SECOND: '1000000000',
  });
  worker = await world.addWorker();
  entries = new FakeEntries();
  worker.behaviour = entries.serve;
});
afterEach(async () => {
  for (const kv of clients.splice(0)) kv.close();
  await world.stop();
});

async function connect(
  supportedVersions: (1 | 2 | 3)[] = [1, 2, 3],
  { key = world.key, maxRetries = 0 }: { key?: string; maxRetries?: number } = {},
): Promise<Kv> {
  const fetcher: typeof fetch = async (url, init) => {
    if (init?.body instanceof Uint8Array) sent.set(String(url).split('/').at(-1) ?? '', init.body);
    const answer = await fetch(url, init);
    // The client wants objects of its own realm, and what Node parses is of another than that of a test.
    return Object.assign(answer, { json: async () => JSON.parse(await answer.text()) as unknown });
  };
  const kv = await openKv(`${world.url}/kv/main`, { accessToken: key, supportedVersions, fetcher, maxRetries });
  clients.push(kv);
  return kv;
}

async function all(kv: Kv, ...list: Parameters<Kv['list']>): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for await (const { value } of kv.list(...list)) values.push(value);
  return values;
}

const message = (route: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  world.call('POST', `${DATA_PATH}/${route}`, { headers: { ...MESSAGE_HEADERS, ...headers }, body });

describe('connecting', () => {
  it.each<[number, (1 | 2 | 3)[]]>([
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
  ])('works in version %i of the protocol', async (_, versions) => {
    const kv = await connect(versions);
    expect(await kv.set(['a'], 1)).toMatchObject({ ok: true, versionstamp: '00000001000000000001' });
    expect(await kv.get(['a'])).toMatchObject({ value: 1, versionstamp: '00000001000000000001' });
    expect(await all(kv, { prefix: [] })).toEqual([1]);
  });

  it('is answered with exactly what clients take, and is not to be kept', async () => {
    const body = '{"supportedVersions":[2,3]}';
    const headers = { 'content-type': 'application/json' };
    const answer = await world.call('POST', '/kv/main', { headers, body });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    const { expiresAt, ...metadata } = answer.json();
    expect(metadata).toEqual({
      version: 3,
      databaseId: DATABASE_ID,
      endpoints: [{ url: './main/v2', consistency: 'strong' }],
      token: world.key,
    });
    expect(Date.parse(String(expiresAt)) - Date.now()).toBeGreaterThan(3_000_000);
  });

  it('names a whole URL in the first version, which does not resolve', async () => {
    const told = await world.call('POST', '/kv/main');
    expect(told.json()).toMatchObject({ version: 1, endpoints: [{ url: `${world.url}/kv/main/v2` }] });
    const secure = await world.call('POST', '/kv/main', { headers: { 'x-forwarded-proto': 'https' } });
    expect(secure.json()['endpoints']).toEqual([
      { url: `${world.url.replace('http', 'https')}/kv/main/v2`, consistency: 'strong' },
    ]);
  });

  it('is refused as every request is', async () => {
    const codeOf = async (target: string, key: string) => (await world.call('POST', target, { key })).json()['code'];
    expect(await codeOf('/kv/other', world.key)).toBe('database-not-found');
    expect(await codeOf('/kv/main', 'lh_nothing')).toBe('invalid-api-key');
    expect(await codeOf('/kv/main', world.source.addKey('tenant-b', ['data:read']))).toBe('database-not-found');
    expect(await codeOf('/kv/main', world.source.addKey('tenant-a', ['usage:read']))).toBe('insufficient-scope');
    await expect(connect([3], { key: world.source.addKey('tenant-b', ['data:read']) })).rejects.toThrow(
      /404.*database-not-found/,
    );
  });
});

describe('requests of the data path', () => {
  it.each<[string, number, string, Record<string, string>]>([
    ['another id', 404, 'database-not-found', { 'x-denokv-database-id': DATABASE_ID.replace('0', '1') }],
    ['another version', 400, 'invalid-request', { 'x-denokv-version': '4' }],
    ['another type', 415, 'unsupported-media-type', { 'content-type': 'application/json' }],
    ['a coding', 415, 'unsupported-media-type', { 'content-encoding': 'gzip' }],
    ['a condition', 400, 'unsupported-header', { 'if-match': '*' }],
  ])('with %s are refused', async (_, status, code, headers) => {
    for (const route of ['snapshot_read', 'atomic_write', 'watch']) {
      const answer = await message(route, new Uint8Array(0), headers);
      expect([route, answer.status, answer.json()['code']]).toEqual([route, status, code]);
    }
    expect(worker.received).toHaveLength(0);
  });

  it('without an id are refused', async () => {
    const { 'x-denokv-database-id': _, ...headers } = MESSAGE_HEADERS;
    expect((await world.call('POST', `${DATA_PATH}/atomic_write`, { headers })).json()).toMatchObject({
      code: 'invalid-request',
    });
  });

  it('need the scope of what they do', async () => {
    const reader = world.source.addKey('tenant-a', ['data:read']);
    const kv = await connect([3], { key: reader });
    expect(await kv.get(['a'])).toMatchObject({ value: null });
    await expect(kv.set(['a'], 1)).rejects.toThrow(/403.*insufficient-scope/);
    expect(entries.applied).toHaveLength(0);
  });

  it('are counted against the limits of the tenant', async () => {
    const { headers } = await message('snapshot_read', new Uint8Array(0));
    expect(headers['ratelimit']).toMatch(/"requests";r=\d+/);
  });

  it('are never answered with a 5xx, whatever the bytes are', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    await kv.getMany([['a'], ['b']]);
    const random = seededRandom(11);
    const statuses = new Map<number, number>();
    for (let i = 0; i < 1_500; i++) {
      const route = random.fraction() < 0.5 ? 'snapshot_read' : 'atomic_write';
      const bytes = Buffer.from(sent.get(random.fraction() < 0.9 ? route : 'atomic_write') as Uint8Array);
      for (let n = 0; n < 2; n++) bytes[Math.floor(random.fraction() * bytes.byteLength)] = random.fraction() * 256;
      const end = random.fraction() < 0.2 ? random.fraction() * bytes.byteLength : bytes.byteLength;
      const { status } = await message(route, bytes.subarray(0, end));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
    expect(statuses.get(400)).toBeGreaterThan(100);
    expect(statuses.get(200)).toBeGreaterThan(100);
  });
});

describe('reads', () => {
  it('of one key are one short trip where it exists, and one more where it does not', async () => {
    const kv = await connect();
    await kv.set(['a'], 'x');
    worker.received.length = 0;
    expect((await kv.get(['a'])).value).toBe('x');
    expect((await kv.get(['b'])).value).toBeNull();
    expect(worker.received.map(({ path }) => path.split('/')[5])).toEqual(['keys64', 'keys64', 'reads']);
    const again = await message('snapshot_read', sent.get('snapshot_read') as Uint8Array);
    expect(again.headers['leasehold-cost']).toBe('read=3, write=0');
  });

  it('of everything from a key on find the first key, although they look like reads of one', async () => {
    const kv = await connect();
    await kv.set(['b'], 'x');
    expect(await all(kv, { prefix: [], start: ['a'] }, { limit: 1 })).toEqual(['x']);
    expect(await all(kv, { prefix: [], start: ['b'] }, { limit: 1 })).toEqual(['x']);
    expect(await all(kv, { prefix: [], start: ['c'] }, { limit: 1 })).toEqual([]);
  });

  it('of many keys are one trip', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    await kv.set(['c'], 3);
    worker.received.length = 0;
    const found = await kv.getMany([['a'], ['b'], ['c'], ['a']]);
    expect(found.map(({ value }) => value)).toEqual([1, null, 3, 1]);
    expect(worker.received).toHaveLength(1);
  });

  it('go on where a page ends early, and show one state', async () => {
    const kv = await connect();
    for (let i = 0; i < 7; i++) await kv.set(['k', i], i);
    entries.pageEntries = 3;
    worker.received.length = 0;
    expect(await all(kv, { prefix: ['k'] }, { limit: 6 })).toEqual([0, 1, 2, 3, 4, 5]);
    const asked = worker.received.map(({ body }) => JSON.parse(body.toString()) as { at?: string });
    expect(asked.map(({ at }) => at)).toEqual([undefined, '00000001000000000007']);
    expect(await all(kv, { prefix: ['k'] }, { reverse: true, limit: 5 })).toEqual([6, 5, 4, 3, 2]);
  });

  it('begin anew when the state is gone before it was read, and give up in the end', async () => {
    const kv = await connect();
    for (let i = 0; i < 4; i++) await kv.set(['k', i], i);
    entries.pageEntries = 3;
    entries.lostStates = 2;
    expect(await all(kv, { prefix: ['k'] })).toEqual([0, 1, 2, 3]);
    entries.lostStates = 3;
    await expect(all(kv, { prefix: ['k'] })).rejects.toThrow(/503/);
  });

  it('are repeated elsewhere when the answer was lost', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    const second = await world.addWorker();
    second.behaviour = entries.serve;
    worker.behaviour = loseReply;
    expect((await kv.get(['a'])).value).toBe(1);
  });

  it('show what others wrote as bytes', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    const [put] = entries.applied[0]?.ops ?? [];
    if (put?.op !== 'put') throw new Error('nothing was put');
    entries.put(put.key, utf8('text'));
    expect((await kv.get(['a'])).value).toEqual(utf8('text'));
    entries.put(put.key, encodeStoredValue({ encoding: 'le64', data: new Uint8Array(8) }));
    expect((await kv.get(['a'])).value).toEqual({ value: 0n });
  });

  it('that would be too large are refused', async () => {
    const kv = await connect();
    for (let i = 0; i < 70; i++) entries.put(Uint8Array.of(0x21, i, 0, 0, 0, 0, 0, 0, 0), new Uint8Array(512 * 1024));
    entries.pageEntries = 8;
    await expect(all(kv, { start: [-Infinity], end: [Infinity] })).rejects.toThrow(/413.*answer-too-large.*batchSize/);
  });
});

describe('writes', () => {
  it('are sent under a key of their own, and again under the same when their answer was lost', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    await kv.set(['a'], 1);
    worker.behaviour = loseReply;
    const second = await world.addWorker();
    second.behaviour = entries.serve;
    expect(await kv.set(['b'], 2)).toMatchObject({ ok: true });
    const keys = [...worker.received, ...second.received].map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(3);
    expect(keys.at(-1)).toBe(keys.at(-2));
    expect(keys[0]).toMatch(/^[\w-]{22}$/);
  });

  it('whose outcome nobody knows are not repeated by the client', async () => {
    const kv = await connect([3], { maxRetries: 10 });
    worker.behaviour = loseReply;
    await expect(kv.set(['a'], 1)).rejects.toThrow('commit failed with status: AW_UNSPECIFIED');
    worker.behaviour = (_hop, response) => answerProblem(response, 'internal');
    await expect(kv.set(['a'], 1)).rejects.toThrow('commit failed with status: AW_UNSPECIFIED');
  });

  it('that nobody could apply are told so with a 5xx, and may be repeated', async () => {
    const kv = await connect();
    worker.behaviour = (_hop, response) => answerProblem(response, 'store-unavailable');
    await expect(kv.set(['a'], 1)).rejects.toThrow(/503.*store-unavailable/);
  });

  it('fail by a check as the protocol has it', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    const absent = { key: ['a'], versionstamp: null };
    expect(
      await kv
        .atomic()
        .check({ key: ['b'], versionstamp: null })
        .check(absent)
        .set(['b'], 1)
        .commit(),
    ).toEqual({
      ok: false,
    });
    const answer = await message('atomic_write', sent.get('atomic_write') as Uint8Array);
    expect([answer.status, answer.headers['leasehold-cost']]).toEqual([200, 'read=1, write=0']);
    expect([...answer.body]).toEqual([8, 2, 34, 1, 1]);
  });

  it('go without a key when those of the day are used up', async () => {
    const kv = await connect();
    worker.behaviour = (hop, response) =>
      hop.headers['idempotency-key'] === undefined
        ? entries.serve(hop, response)
        : answerProblem(response, 'idempotency-keys-exhausted');
    expect(await kv.set(['a'], 1)).toMatchObject({ ok: true });
    expect(worker.received).toHaveLength(2);
  });

  it.each<[string, RegExp, (kv: Kv) => Promise<unknown>]>([
    ['a key that is too long', /400.*key-too-long/, (kv) => kv.set(['x'.repeat(2_100)], 1)],
    ['a value that is too large', /413.*value-too-large/, (kv) => kv.set(['a'], new Uint8Array(65_537))],
    ['more than there is room for', /413.*transaction-too-large/, (kv) => tooMuch(kv)],
    ['a message for a queue', /400.*queues are not supported/, (kv) => kv.enqueue('x')],
  ])('with %s are refused', async (_, refusal, act) => {
    await expect(act(await connect())).rejects.toThrow(refusal);
    expect(worker.received).toHaveLength(0);
  });
});

function tooMuch(kv: Kv): Promise<unknown> {
  let tx = kv.atomic();
  for (let i = 0; i < 20; i++) tx = tx.set([i], new Uint8Array(60_000));
  return tx.commit();
}

describe('a watch', () => {
  const reading = (kv: Kv, ...keys: string[]) => {
    const reader = kv
      .watch(
        keys.map((key) => [key]),
        { raw: true },
      )
      .getReader();
    return {
      cancel: () => reader.cancel(),
      next: async () => (await reader.read()).value?.map(({ value }) => value),
    };
  };

  it('tells all keys first, and then those that change', async () => {
    const kv = await connect();
    await kv.set(['a'], 1);
    const watch = reading(kv, 'a', 'b');
    expect(await watch.next()).toEqual([1, null]);
    await kv.set(['c'], 'of no concern');
    await kv.set(['b'], 2);
    expect(await watch.next()).toEqual([1, 2]);
    await kv.delete(['a']);
    expect(await watch.next()).toEqual([null, 2]);
    // What both keys begin with, and no more of what has happened than that something has.
    const asked = worker.received
      .map(({ path }) => /changes\?(.*)$/.exec(path)?.[1])
      .filter((query) => query !== undefined);
    expect(new URLSearchParams(asked.at(-1)).get('prefix64')).toBe(Buffer.from([0x02]).toString('base64url'));
    expect(new URLSearchParams(asked.at(-1)).get('maxCommits')).toBe('1');
    await watch.cancel();
  });

  it('is a stream of bytes that nobody keeps back', async () => {
    const kv = await connect();
    const watch = reading(kv, 'a');
    await watch.next();
    const answer = await fetch(`${world.url}${DATA_PATH}/watch`, {
      method: 'POST',
      headers: { ...MESSAGE_HEADERS, authorization: `Bearer ${world.key}` },
      body: sent.get('watch') as RequestInit['body'],
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    await answer.body?.cancel();
    await watch.cancel();
  });

  it('goes on at another worker', async () => {
    const kv = await connect();
    const watch = reading(kv, 'a');
    expect(await watch.next()).toEqual([null]);
    const second = await world.addWorker();
    second.behaviour = entries.serve;
    world.sessions.end(worker.id);
    await worker.stop();
    await kv.set(['a'], 1);
    expect(await watch.next()).toEqual([1]);
    await watch.cancel();
  });

  it('gives back the room of every look, whether it is told or not, and however it ends', async () => {
    const kv = await connect();
    await kv.set(['a'], 'x'.repeat(10_000));
    const takenBytes = async () =>
      Number(/gateway_answers_bytes\{[^}]*\} (\d+)/.exec((await world.call('GET', '/metrics')).body.toString())?.[1]);
    const watch = reading(kv, 'a', 'b');
    await watch.next();
    for (let n = 0; n < 3; n++) {
      await kv.set(['c'], n);
      await kv.set(['b'], n);
      await watch.next();
    }
    expect(await takenBytes()).toBe(0);
    worker.behaviour = (_hop, response) => answerProblem(response, 'corrupt-object');
    // It ends, whatever a client makes of that.
    await watch.next().catch(() => undefined);
    await watch.cancel().catch(() => undefined);
    expect(await takenBytes()).toBe(0);
  });

  it('counts as a change feed for as long as somebody listens', async () => {
    const kv = await connect();
    const watch = reading(kv, 'a');
    await watch.next();
    expect((await world.call('GET', '/metrics')).body.toString()).toContain(
      'leasehold_gateway_change_feeds{service="gateway"} 1',
    );
    await watch.cancel();
    const left = async () =>
      (await world.call('GET', '/metrics')).body.toString().includes('change_feeds{service="gateway"} 0');
    while (!(await left())) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it.each([
    ['nobody can tell', 'store-unavailable', 503],
    ['the bytes are damaged', 'corrupt-object', 500],
  ] as const)('is refused before it begins when %s', async (_, code, status) => {
    const kv = await connect();
    const watch = reading(kv, 'a');
    await watch.next();
    await watch.cancel();
    worker.behaviour = (_hop, response) => answerProblem(response, code);
    const answer = await message('watch', sent.get('watch') as Uint8Array);
    expect([answer.status, answer.json()['code']]).toEqual([status, code]);
  });
});
