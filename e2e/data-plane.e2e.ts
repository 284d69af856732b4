import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ApiDocument } from './src/api-document.js';
import { Leasehold } from './src/leasehold.js';
import type { Answer, Tenant } from './src/api.js';
import { expectStatus, signUp } from './src/api.js';

const VERSION = /^[0-9a-f]{20}$/;

/** Every route of a database, by the public API, over real processes. */
describe('the data plane', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  const seen: { readonly method: string; readonly path: string; readonly answer: Answer }[] = [];

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    tenant = await signUp(leasehold.ready);
    const { database } = tenant;
    const request = database.request.bind(database);
    database.request = async (method, path, ...rest) => {
      const answer = await request(method, path, ...rest);
      seen.push({ method, path, answer });
      return answer;
    };
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  const post = (route: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    tenant.database.request(
      'POST',
      `/${route}`,
      { 'content-type': 'application/json', ...headers },
      JSON.stringify(body),
    );
  const keysOf = async (query: Record<string, string>): Promise<string[]> =>
    (await tenant.database.list(query)).json<{ entries: { key: string }[] }>().entries.map(({ key }) => key);
  const put = async (key: string, value: string, headers = {}): Promise<string> => {
    const answer = await tenant.database.put(key, value, headers);
    expectStatus(answer, 200);
    return answer.json<{ version: string }>().version;
  };

  it('warms a database that nobody has written to, and one that somebody has', async () => {
    const empty = await tenant.database.request('POST', '/warm');
    expect(empty.json()).toMatchObject({ database: { name: 'main' }, session: null, version: null });
    const version = await put('first', 'value');
    const warm = await tenant.database.request('POST', '/warm');
    expect(warm.json()).toMatchObject({ session: expect.stringMatching(/^[0-9a-z]{26}$/), version });
    expect(warm.headers.get('leasehold-cost')).toBe('read=0, write=0');
  });

  it('reads keys of any bytes by both spellings, and says what it costs', async () => {
    const url = `/keys64/${Buffer.from([0xff, 0x2f, 0]).toString('base64url')}`;
    const written = await tenant.database.request('PUT', url, {}, 'x'.repeat(5_000));
    expect([written.status, written.headers.get('leasehold-cost')]).toEqual([200, 'read=0, write=5']);
    const read = await tenant.database.request('GET', '/keys/%FF%2F%00');
    expect([read.body.byteLength, read.headers.get('leasehold-cost')]).toEqual([5_000, 'read=2, write=0']);
    const head = await tenant.database.request('HEAD', url);
    expect([head.status, head.body.byteLength, head.headers.get('etag')]).toEqual([200, 0, read.headers.get('etag')]);
    expectStatus(await tenant.database.request('DELETE', url), 200);
    expect((await tenant.database.request('HEAD', url)).status).toBe(404);
  });

  it('shows the past by version and by time, page by page', async () => {
    const first = await put('past/a', 'one');
    const then = await put('past/b', 'one');
    await put('past/a', 'two');
    await put('past/c', 'two');
    const old = await tenant.database.request('GET', `/keys/past%2Fa?at=${then}`);
    expect([old.body.toString(), old.headers.get('etag'), old.headers.get('leasehold-version')]).toEqual([
      'one',
      `"${first}"`,
      then,
    ]);
    const now = new Date(Date.now() + 1_000).toISOString();
    const present = await tenant.database.request('GET', `/keys/past%2Fa?at=${encodeURIComponent(now)}`);
    expect([present.body.toString(), present.headers.get('leasehold-version')]).toEqual([
      'two',
      expect.stringMatching(VERSION),
    ]);
    const page = await tenant.database.list({ prefix: 'past/', limit: '1', at: then });
    const { cursor } = page.json<{ cursor: string }>();
    expect(page.headers.get('leasehold-version')).toBe(then);
    expect(await keysOf({ prefix: 'past/', cursor })).toEqual(['past/b']);
  });

  it('forgets a key when its lifetime is over', async () => {
    await put('short', 'v', { 'leasehold-ttl': '1' });
    expectStatus(await tenant.database.get('short'), 200);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect((await tenant.database.get('short')).status).toBe(404);
  });

  it('deletes ranges, and everything only when told so', async () => {
    for (const key of ['r/1', 'r/2', 's']) await put(key, 'v');
    expectStatus(await tenant.database.request('DELETE', '/keys?prefix=r%2F'), 200);
    expect([await keysOf({ prefix: 'r/' }), await keysOf({ prefix: 's' })]).toEqual([[], ['s']]);
    expect((await tenant.database.request('DELETE', '/keys')).status).toBe(400);
    expect(await keysOf({ prefix: 's' })).toEqual(['s']);
  });

  it('applies transactions whole, or names the check that failed', async () => {
    const version = await put('account', '10');
    const transfer = {
      checks: [
        { key: 'account', version },
        { range: { prefix: 'log/' }, since: version },
      ],
      ops: [
        { op: 'put', key: 'account', json: { balance: 9 } },
        { op: 'sum', key: 'count', operand: 1 },
        { op: 'put', key: 'log/1', value64: 'AAE' },
      ],
    };
    const applied = await post('transactions', transfer);
    expect([applied.status, applied.headers.get('leasehold-cost')]).toEqual([200, 'read=0, write=3']);
    expect(applied.json()).toEqual({ version: expect.stringMatching(VERSION), effect: 'committed' });
    const refused = await post('transactions', transfer);
    expect(refused.json()).toMatchObject({
      status: 412,
      code: 'precondition-failed',
      failedCheck: 0,
      version: applied.json()['version'],
    });
    const counted = await post('transactions', { ops: [{ op: 'sum', key: 'account', operand: 1 }] });
    expect(counted.json()).toMatchObject({ status: 422, code: 'not-a-counter' });
    const checked = await post('transactions', { checks: [{ key: 'account', version: '*' }] });
    expect(checked.json()).toMatchObject({ effect: 'nothing' });
  });

  it('reads many keys and pages of one state', async () => {
    const version = await put('m/1', 'one');
    await put('m/2', 'two');
    const now = await post('reads', { gets: [{ key: 'm/2' }, { key64: 'bS8z' }], lists: [{ prefix: 'm/', limit: 1 }] });
    expect(now.json()).toMatchObject({ gets: [{ value: 'two' }, null], lists: [{ entries: [{ key: 'm/1' }] }] });
    const then = await post('reads', { gets: [{ key: 'm/2' }], lists: [{ prefix: 'm/' }], at: version });
    expect(then.json()).toMatchObject({ version, gets: [null], lists: [{ entries: [{ key: 'm/1' }], cursor: null }] });
  });

  it('applies what has an idempotency key once, however often it is sent', async () => {
    const add = () =>
      post('transactions', { ops: [{ op: 'sum', key: 'once', operand: 1 }] }, { 'idempotency-key': 'add-1' });
    const answers = await Promise.all(Array.from({ length: 5 }, add));
    for (const answer of answers) expectStatus(answer, 200);
    expect(new Set(answers.map((answer) => answer.json()['version'])).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(4);
    expect((await tenant.database.get('once')).body).toEqual(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    const other = await post('transactions', { ops: [{ op: 'delete', key: 'once' }] }, { 'idempotency-key': 'add-1' });
    expect(other.json()).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
  });

  it('brings writes with an idempotency key through the death of a worker, each once', async () => {
    const { owner } = await tenant.database.stats();
    let wasKilled = false;
    const add = async (n: number): Promise<Answer> => {
      await new Promise((resolve) => setTimeout(resolve, n * 5));
      if (n === 20 && owner) {
        process.kill(owner.pid, 'SIGKILL');
        wasKilled = true;
      }
      return post(
        'transactions',
        { ops: [{ op: 'sum', key: 'survivors', operand: 1 }] },
        { 'idempotency-key': `n-${n}` },
      );
    };
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => add(n)));
    expect(wasKilled).toBe(true);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, () => 200));
    expect((await tenant.database.get('survivors')).body.readBigUInt64LE()).toBe(60n);
  }, 60_000);

  it('keeps tenants apart on every route', async () => {
    const other = await signUp(leasehold.ready);
    await put('mine', 'secret');
    const read = await other.database.request(
      'POST',
      '/reads',
      { 'content-type': 'application/json' },
      '{"gets":[{"key":"mine"}],"lists":[{}]}',
    );
    expect(read.json()).toMatchObject({ gets: [null], lists: [{ entries: [] }] });
    expectStatus(await other.database.request('DELETE', '/keys?all=true'), 200);
    expect((await tenant.database.get('mine')).body.toString()).toBe('secret');
  });

  it('has answered nothing that its document does not say', async () => {
    const document = await ApiDocument.of(leasehold.ready.gateway);
    const routes = new Set(seen.map(({ method, path }) => `${method} ${/^\/[a-z0-9]+/.exec(path)?.[0]}`));
    expect([...routes].sort()).toEqual([
      'DELETE /keys',
      'DELETE /keys64',
      'GET /keys',
      'GET /stats',
      'HEAD /keys64',
      'POST /reads',
      'POST /transactions',
      'POST /warm',
      'PUT /keys',
      'PUT /keys64',
    ]);
    expect(seen.flatMap(({ method, path, answer }) => document.faultsOf(method, path, answer))).toEqual([]);
    const [first] = seen;
    const odd = { status: 200, headers: new Headers({ 'content-type': 'application/json' }) };
    const wrong = { ...odd, body: Buffer.from('{}'), json: <T>() => ({}) as T };
    expect(document.faultsOf('POST', first?.path ?? '', wrong)).toHaveLength(1);
    const page = await fetch(`${leasehold.ready.gateway}/docs`);
    expect([page.status, (await page.text()).includes('/v1/db/{database}/transactions')]).toEqual([200, true]);
  });
});
