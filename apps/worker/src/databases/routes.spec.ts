import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseVersion, toBase64Url, utf8 } from '@leasehold/foundation';
import { decodeCounter, SNAPSHOT_LIMITS, TRANSACTION_LIMITS } from '@leasehold/ownership';
import {
  KV_LIMITS,
  LIMITS,
  encodeTransaction,
  formatSnapshotBody,
  parseSnapshotBody,
  parseTransactionBody,
} from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';

import { AskedDatabase, WorkerWorld } from '../../testing/worker-world.js';

let world: WorkerWorld;
let worker: RunningService;
let database: AskedDatabase;

beforeEach(async () => {
  world = new WorkerWorld();
  worker = await world.start(await world.serveBucket());
  database = new AskedDatabase();
}, 20_000);
afterEach(() => world.close(), 20_000);

const ZERO = '0'.repeat(20);

function transact(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const frame = encodeTransaction(parseTransactionBody(utf8(JSON.stringify(body))));
  return database.ask(worker, '/transactions', { method: 'POST', body: frame, headers });
}

function read(body: unknown): Promise<Response> {
  const text = formatSnapshotBody(parseSnapshotBody(utf8(JSON.stringify(body))));
  return database.ask(worker, '/reads', { method: 'POST', body: text });
}

async function put(key: string, value: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await database.put(key, value, worker, headers);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { version: string }).version;
}

const remove = (query: string, headers = {}) => database.ask(worker, `/keys?${query}`, { method: 'DELETE', headers });
const at = (key: string, point: string, headers: Record<string, string> = {}) =>
  database.ask(worker, `/keys64/${toBase64Url(utf8(key))}?at=${point}`, { headers });
const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;
const cost = (answer: Response) => answer.headers.get('leasehold-cost');

describe('what is not billed', () => {
  const UNBILLED = { 'leasehold-unbilled': 'true' };
  const remove1 = (headers: Record<string, string>) =>
    database.ask(worker, `/keys64/${toBase64Url(utf8('k'))}`, { method: 'DELETE', headers });

  it('is deleted, and adds no write units', async () => {
    const first = await put('k', 'v');
    for (const answer of [
      await remove1(UNBILLED),
      await remove('all=true', UNBILLED),
      await transact({ ops: [{ op: 'delete', key: 'k' }] }, UNBILLED),
    ]) {
      expect([answer.status, cost(answer)]).toEqual([200, 'read=0, write=0']);
    }
    const last = await remove1({});
    expect(cost(last)).toBe('read=0, write=1');
    const { version } = await json(last);
    expect(parseVersion(String(version))?.sequence).toBe((parseVersion(first)?.sequence ?? 0) + 4);
  });

  it('is never what adds data', async () => {
    const answers = [
      await database.put('k', 'v', worker, UNBILLED),
      await transact(
        {
          ops: [
            { op: 'delete', key: 'k' },
            { op: 'put', key: 'k', value: 'v' },
          ],
        },
        UNBILLED,
      ),
    ];
    expect(answers.map(cost)).toEqual(['read=0, write=1', 'read=0, write=2']);
  });
});

describe('a read of the past', () => {
  it('shows the value of then, and names the version that it shows', async () => {
    const first = await put('k', 'one');
    const second = await put('other', 'x');
    await put('k', 'two');
    const then = await at('k', second);
    expect([then.status, await then.text()]).toEqual([200, 'one']);
    expect([then.headers.get('etag'), then.headers.get('leasehold-version')]).toEqual([`"${first}"`, second]);
    const same = await at('k', second, { 'if-none-match': `"${first}"` });
    expect([same.status, same.headers.get('leasehold-version'), cost(same)]).toEqual([304, second, 'read=1, write=0']);
    const before = await at('other', first);
    expect([before.status, before.headers.get('leasehold-version')]).toEqual([404, first]);
    const present = await database.key('k', worker);
    expect([await present.text(), present.headers.get('leasehold-version')]).toEqual(['two', null]);
  });

  it('by a time is rounded down to what was recorded', async () => {
    const version = await put('k', 'one');
    const later = new Date(Date.now() + 60_000).toISOString();
    const now = await at('k', later);
    expect([await now.text(), now.headers.get('leasehold-version')]).toEqual(['one', version]);
    const answer = await at('k', '1971-01-01T00:00:00Z');
    expect([answer.status, answer.headers.get('leasehold-version')]).toEqual([404, expect.stringMatching(/0{12}$/)]);
  });

  it('of a version to come is refused', async () => {
    await put('k', 'one');
    expect(await json(await at('k', '00000001000000000009'))).toMatchObject({ status: 400, code: 'invalid-version' });
  });

  it('lists page by page at one version', async () => {
    for (const key of ['a', 'b', 'c']) await put(key, 'old');
    const version = await put('d', 'old');
    const first = await database.ask(worker, `/keys?limit=2&at=${version}`);
    const page = (await first.json()) as { entries: unknown[]; cursor: string };
    expect([page.entries.length, first.headers.get('leasehold-version')]).toEqual([2, version]);
    await put('c', 'new');
    await put('e', 'new');
    const second = await database.ask(worker, `/keys?limit=9&cursor=${page.cursor}`);
    expect(second.headers.get('leasehold-version')).toBe(version);
    const { entries } = (await second.json()) as { entries: { key: string; value: string }[] };
    expect(entries.map(({ key, value }) => key + value)).toEqual(['cold', 'dold']);
  });
});

describe('a lifetime', () => {
  it('ends on time, and is told before', async () => {
    const before = Date.now();
    await put('k', 'v', { 'leasehold-ttl': '2' });
    const found = await database.key('k', worker);
    expect(found.status).toBe(200);
    const endsAt = Date.parse(found.headers.get('leasehold-expires-at') ?? '');
    expect(endsAt).toBeGreaterThanOrEqual(before + 2_000);
    expect(endsAt).toBeLessThanOrEqual(Date.now() + 2_000);
    await new Promise((resolve) => setTimeout(resolve, 2_050));
    expect((await database.key('k', worker)).status).toBe(404);
    await put('k', 'v');
    expect((await database.key('k', worker)).headers.has('leasehold-expires-at')).toBe(false);
  });

  it('of an operation may be a length or an end', async () => {
    const ops = [
      { op: 'put', key: 'gone', value: 'v', expiresAt: '1990-01-01T00:00:00Z' },
      { op: 'put', key: 'there', json: [1.0], ttlSeconds: 60 },
      { op: 'sum', key: 'n', operand: 1, expiresAt: '2999-01-01T00:00:00Z' },
    ];
    expect((await transact({ ops })).status).toBe(200);
    const { gets } = (await json(await read({ gets: [{ key: 'gone' }, { key: 'there' }] }))) as { gets: unknown[] };
    expect(gets).toEqual([null, expect.objectContaining({ value: '[1]' })]);
  });
});

describe('a range delete', () => {
  it('deletes what its bounds say, and nothing else', async () => {
    for (const key of ['a', 'b1', 'b2', 'c']) await put(key, 'v');
    const answer = await remove(`start64=${toBase64Url(utf8('b'))}&end64=${toBase64Url(utf8('c'))}`);
    expect([answer.status, cost(answer), answer.headers.get('etag')]).toEqual([200, 'read=0, write=1', null]);
    expect(await json(answer)).toEqual({ version: expect.stringMatching(/^[0-9a-f]{20}$/) });
    const keys = async () => {
      const { entries } = (await json(await database.ask(worker, '/keys'))) as { entries: { key: string }[] };
      return entries.map(({ key }) => key);
    };
    expect(await keys()).toEqual(['a', 'c']);
    expect((await remove('all=true')).status).toBe(200);
    expect(await keys()).toEqual([]);
    expect(await json(await database.ask(worker, '/keys', { method: 'DELETE' }))).toMatchObject({
      code: 'invalid-parameter',
    });
  });
});

describe('a transaction', () => {
  it('applies all of it under one version, and tells its cost', async () => {
    const version = await put('k', 'old');
    const answer = await transact({
      checks: [
        { key: 'k', version },
        { key: 'absent', version: null },
        { range: { prefix: 'p' }, since: version },
      ],
      ops: [
        { op: 'put', key: 'k', value: 'x'.repeat(1_024) },
        { op: 'sum', key: 'n', operand: '18446744073709551615' },
        { op: 'delete', key: 'absent' },
        { op: 'deleteRange', range: { prefix: 'p' } },
      ],
    });
    expect([answer.status, cost(answer)]).toEqual([200, 'read=0, write=5']);
    const told = await json(answer);
    expect(told).toEqual({ version: expect.any(String), effect: 'committed' });
    const number = await database.key('n', worker);
    expect(number.headers.get('etag')).toBe(`"${String(told['version'])}"`);
    expect(decodeCounter(new Uint8Array(await number.arrayBuffer()))).toBe(2n ** 64n - 1n);
  });

  it('is refused as a whole by its first check that fails, which it names', async () => {
    const version = await put('k', 'v');
    const refused = await transact({
      checks: [
        { key: 'k', version: '*' },
        { key: 'k', version: null },
        { key: 'other', version: '*' },
      ],
      ops: [{ op: 'put', key: 'x', value: 'v' }],
    });
    expect([refused.status, cost(refused), refused.headers.get('etag')]).toEqual([412, 'read=3, write=0', null]);
    expect(await json(refused)).toMatchObject({ code: 'precondition-failed', failedCheck: 1, version });
    expect((await database.key('x', worker)).status).toBe(404);
    const moved = await transact({ checks: [{ range: { prefix: 'k' }, since: ZERO }] });
    expect(await json(moved)).toMatchObject({ code: 'precondition-failed', failedCheck: 0, version });
    const absent = await transact({ checks: [{ key: 'no', version: '*' }] });
    expect(await json(absent)).toMatchObject({ failedCheck: 0, version: null });
  });

  it('of checks alone answers with the version that they hold at', async () => {
    const version = await put('k', 'v');
    const answer = await transact({
      checks: [
        { key: 'k', version },
        { range: { all: true }, since: version },
      ],
    });
    expect([answer.status, cost(answer)]).toEqual([200, 'read=2, write=0']);
    expect(await json(answer)).toEqual({ version, effect: 'nothing' });
  });

  it('does not count with what is no number', async () => {
    await put('text', 'v');
    const refused = await transact({ ops: [{ op: 'sum', key: 'text', operand: 1 }] });
    expect([refused.status, cost(refused), (await json(refused))['code']]).toEqual([422, null, 'not-a-counter']);
  });

  it('is taken up to its limits, which the engine has, too', async () => {
    // Of parts the engine takes more: a write of KV Connect has 100 checks beside 1,000 mutations.
    expect(TRANSACTION_LIMITS.parts).toBe(LIMITS.transactionParts + KV_LIMITS.checks);
    expect(TRANSACTION_LIMITS.bytes).toBe(LIMITS.transactionBytes);
    const value64 = Buffer.alloc(LIMITS.valueBytes - 8).toString('base64url');
    const ops = Array.from({ length: 8 }, (_, i) => ({ op: 'put', key: `key ${i}`, value64 }));
    expect((await transact({ ops })).status).toBe(200);
    const tooLarge = await database.ask(worker, '/transactions', {
      method: 'POST',
      body: new Uint8Array(LIMITS.transactionBytes + 100_000),
    });
    expect(await json(tooLarge)).toMatchObject({ status: 413, code: 'transaction-too-large' });
    const nonsense = await database.ask(worker, '/transactions', { method: 'POST', body: 'nonsense' });
    expect(await json(nonsense)).toMatchObject({ status: 400, code: 'invalid-request' });
  });
});

describe('an idempotency key', () => {
  const KEYED = { 'idempotency-key': 'key 1'.replace(' ', '-') };

  it('is applied once by every mutation, and repeated with its version for nothing', async () => {
    const mutations = {
      put: (key: string) => database.put('k', 'v', worker, { 'idempotency-key': key }),
      delete: (key: string) => database.key('k', worker, { method: 'DELETE', headers: { 'idempotency-key': key } }),
      range: (key: string) => remove('all=true', { 'idempotency-key': key }),
      transaction: (key: string) =>
        transact({ ops: [{ op: 'sum', key: 'n', operand: 1 }] }, { 'idempotency-key': key }),
    };
    for (const [name, mutate] of Object.entries(mutations)) {
      const first = await mutate(name);
      expect([name, first.status, first.headers.get('idempotency-replayed')]).toEqual([name, 200, null]);
      await put('between', 'x');
      const again = await mutate(name);
      expect([again.status, again.headers.get('idempotency-replayed'), cost(again)]).toEqual([
        200,
        'true',
        'read=0, write=0',
      ]);
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
      expect((await json(again))['version']).toBe((await json(first))['version']);
    }
    const number = await (await database.key('n', worker)).arrayBuffer();
    expect(decodeCounter(new Uint8Array(number))).toBe(1n);
    expect(
      await json(await transact({ ops: [{ op: 'sum', key: 'n', operand: 1 }] }, { 'idempotency-key': 'transaction' })),
    ).toMatchObject({
      effect: 'repeated',
    });
  });

  it('holds a conditional create that succeeded', async () => {
    const create = () => database.put('k', 'v', worker, { ...KEYED, 'if-none-match': '*' });
    const version = ((await (await create()).json()) as { version: string }).version;
    expect(await json(await create())).toEqual({ version });
  });

  it.each([
    ['another value', 'PUT', 'w', {}],
    ['another method', 'DELETE', undefined, {}],
    ['a condition', 'PUT', 'v', { 'if-match': '*' }],
    ['a lifetime', 'PUT', 'v', { 'leasehold-ttl': '60' }],
  ])('belongs to one request: %s is refused', async (_what, method, body, headers) => {
    await put('k', 'v', KEYED);
    const other = await database.key('k', worker, { method, body, headers: { ...KEYED, ...headers } });
    expect(await json(other)).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    const elsewhere = await database.put('other', 'v', worker, KEYED);
    expect(await json(elsewhere)).toMatchObject({ code: 'idempotency-key-reused' });
    expect(await (await database.key('k', worker)).text()).toBe('v');
  });

  it('is not remembered for what was refused', async () => {
    const update = () => database.put('k', 'v', worker, { ...KEYED, 'if-match': '*' });
    expect((await update()).status).toBe(412);
    await put('k', 'u');
    expect((await update()).status).toBe(200);
  });
});

describe('many reads of one state', () => {
  it('answer by position, with its version and cost', async () => {
    expect([LIMITS.snapshotGets, LIMITS.snapshotLists]).toEqual([SNAPSHOT_LIMITS.gets, SNAPSHOT_LIMITS.scans]);
    await put('a', '{"n":1.50}');
    const version = await put('b', '2');
    const answer = await read({ gets: [{ key: 'b' }, { key: 'no' }], lists: [{ limit: 1 }], encoding: 'json' });
    expect([answer.status, cost(answer)]).toEqual([200, 'read=3, write=0']);
    const text = await answer.text();
    expect(text).toContain('{"n":1.50}');
    expect(JSON.parse(text)).toMatchObject({
      version,
      gets: [{ value: 2, version }, null],
      lists: [{ entries: [{ key: 'a' }], cursor: expect.any(String) }],
    });
    await put('b', '3');
    const then = (await json(await read({ gets: [{ key: 'b' }], at: version }))) as { gets: { value: string }[] };
    expect([then['gets'][0]?.value]).toEqual(['2']);
  });

  it('show a list later for which there is no room now', async () => {
    for (let i = 0; i < 9; i++) await put(`a${i}`, 'x'.repeat(LIMITS.valueBytes));
    await put('b', 'v');
    const lists = [{ prefix: 'a' }, { prefix: 'b' }];
    const first = (await json(await read({ lists }))) as { lists: { entries: unknown[]; cursor: string }[] };
    expect(first.lists[1]).toEqual({ entries: [], cursor: expect.any(String) });
    const again = await json(await read({ lists: [{ prefix: 'b', cursor: first.lists[1]?.cursor }] }));
    expect(again).toMatchObject({ lists: [{ entries: [{ key: 'b' }], cursor: null }] });
  });

  it('of an empty database answer with the version of nothing, and own nothing for it', async () => {
    expect(await json(await read({ gets: [{ key: 'a' }], lists: [{}] }))).toEqual({
      version: ZERO,
      gets: [null],
      lists: [{ entries: [], cursor: null }],
    });
    expect(await world.headOf(database.id)).toBeUndefined();
  });
});

describe('warming', () => {
  const warm = () => database.ask(worker, '/warm', { method: 'POST' });

  it('claims a database that lies there, for nothing', async () => {
    const version = await put('k', 'v');
    await worker.close();
    worker = await world.start(await world.serveBucket());
    const answer = await warm();
    const owner = (await world.headOf(database.id))?.owner;
    expect([answer.status, cost(answer)]).toEqual([200, 'read=0, write=0']);
    expect(await json(answer)).toEqual({
      session: owner,
      owner: { session: owner, pid: process.pid },
      epoch: 2,
      version,
    });
    expect(await json(await warm())).toMatchObject({ session: owner, epoch: 2 });
  });

  it('leaves one alone that was never written to', async () => {
    expect(await json(await warm())).toEqual({ session: null, owner: null, epoch: 0, version: null });
    expect(await world.headOf(database.id)).toBeUndefined();
  });
});

describe('statistics', () => {
  it('tell sizes and files, for nothing', async () => {
    await put('k', 'v');
    const answer = await database.ask(worker, '/stats');
    expect(cost(answer)).toBe('read=0, write=0');
    expect(await json(answer)).toMatchObject({
      sizeBytes: expect.any(Number),
      keys: 1,
      historyBytes: 0,
      unflushedBytes: expect.any(Number),
      cacheBytes: 0,
      l0Files: 0,
      l1Files: 0,
    });
  });
});
