import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import type { ChangeSet } from './changes.js';
import { counter } from './codec.js';
import { connect } from './connect.js';
import type { Database } from './database.js';
import { encodeKey } from './tuple.js';

/** The first so many. */
async function take<T>(feed: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of feed) if (taken.push(item) === count) break;
  return taken;
}

describe('following changes', () => {
  let gateway: FakeGateway;
  let db: Database;

  beforeEach(async () => {
    gateway = await FakeGateway.start();
    db = clientOf(gateway);
  });
  afterEach(() => gateway.stop());

  it('tells what each commit did, from a version on', async () => {
    const { version } = await db.put(['a', 0], 'before');
    await db.put(['a', 1], { n: 1 });
    await db.transact((tx) => {
      tx.put(['a', 2], 2);
      tx.delete(['a', 1]);
    });
    await db.deleteRange({ prefix: ['a'], end: ['a', 2] });
    const [put, both, range] = await take(db.changes({ since: version, prefix: ['a'] }), 3);
    expect(put?.changes).toEqual([{ op: 'put', key: ['a', 1], value: { n: 1 }, expiresAt: undefined }]);
    expect(both?.changes).toEqual([
      { op: 'put', key: ['a', 2], value: 2, expiresAt: undefined },
      { op: 'delete', key: ['a', 1] },
    ]);
    const [deleted] = range?.changes ?? [];
    expect(deleted?.op === 'deleteRange' && [['a', 0], ['a', 2], ['b']].map((key) => deleted.includes(key))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('leaves out what lies beside the prefix, and the key that is the prefix', async () => {
    for (const key of [['ab'], ['a'], ['b', 1], ['a', 1]]) await db.put(key, 1);
    const [first] = await take(db.changes({ since: '0', prefix: ['a'] }), 1);
    expect(first?.changes).toMatchObject([{ key: ['a', 1] }]);
  });

  it('follows what is committed from now on', async () => {
    await db.put(['k'], 'before');
    const feed = db.changes();
    const next = feed.next();
    while (!gateway.seen.some(({ path }) => path.startsWith('/changes')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await db.put(['k'], 'after');
    expect((await next).value?.changes).toMatchObject([{ value: 'after' }]);
    await feed.return?.();
  });

  it('tells every commit once and in order, however often the connection is cut', async () => {
    const told: ChangeSet<unknown>[] = [];
    const following = (async () => {
      for await (const change of db.changes({ since: '0' })) if (told.push(change) === 60) break;
    })();
    let connects = 0;
    gateway.fate = ({ path }) => (path.startsWith('/changes') && connects++ % 3 === 1 ? 'drop-request' : 'serve');
    for (let n = 0; n < 60; n++) {
      await db.put(['n'], n);
      if (n % 7 === 0) gateway.cutFeeds();
    }
    await following;
    expect(told.map(({ changes: [change] }) => change?.op === 'put' && change.value)).toEqual(
      Array.from({ length: 60 }, (_, n) => n),
    );
    expect(connects).toBeGreaterThan(4);
  });

  it('comes back from where it is, not from where it began, when nothing concerned it', async () => {
    const feed = db.changes({ prefix: ['quiet'], since: '0' });
    const next = feed.next();
    for (let n = 0; n < 5; n++) await db.put(['loud'], n);
    await new Promise((resolve) => setTimeout(resolve, 50));
    gateway.cutFeeds();
    await db.put(['quiet', 1], 'x');
    expect((await next).value?.changes).toMatchObject([{ value: 'x' }]);
    await feed.return?.();
    const resumed = gateway.seen.filter(({ path }) => path.startsWith('/changes')).at(-1);
    expect(resumed?.path).toContain(`since=${gateway.store.versionOf(5)}`);
  });

  it('ends with its signal, and closes its connection when nobody listens any more', async () => {
    const controller = new AbortController();
    const next = db.changes({ signal: controller.signal }).next();
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(next).rejects.toThrow('enough');
    await db.put(['k'], 1);
    await take(db.changes({ since: '0' }), 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(gateway.openFeeds).toBe(0);
  });

  it('tells an entry that it cannot read as what it is, and goes on', async () => {
    await db.put(['x'], 1);
    await db.transact((tx) => tx.sum(['hits'], 1));
    await db.bytes.put('plain', new Uint8Array([7]));
    await db.bytes.delete('plain');
    await db.put(['y'], 2);
    const told = (await take(db.changes({ since: '0' }), 5)).flatMap(({ changes }) => changes);
    const plain = new TextEncoder().encode('plain');
    expect(told).toEqual([
      { op: 'put', key: ['x'], value: 1, expiresAt: undefined },
      expect.objectContaining({
        op: 'other',
        key: encodeKey(['hits']),
        value: counter.encode(1n),
        cause: expect.objectContaining({ code: 'undecodable-value' }),
      }),
      expect.objectContaining({ op: 'other', key: plain, value: Uint8Array.of(7) }),
      expect.objectContaining({ op: 'other', key: plain, value: undefined }),
      { op: 'put', key: ['y'], value: 2, expiresAt: undefined },
    ]);
  });

  it('leaves out a longer text that only looks as if it began with the prefix', async () => {
    await db.put(['ten\0x', 1], 'beside');
    await db.put(['ten', 1], 'in');
    const [first] = await take(db.collection({ prefix: ['ten'] }).changes({ since: '0' }), 1);
    expect(first?.changes).toEqual([{ op: 'put', key: [1], value: 'in', expiresAt: undefined }]);
  });

  it.each([
    ['a page of a proxy', 'text/html', '<html>sign in</html>\n\n'],
    ['a stream without events', 'text/event-stream', ':\n\n'],
    ['a stream that is none of a gateway', 'text/event-stream', 'data: <html>\n\n'],
  ])('takes %s for a failure: it pauses more and more, and its patience ends', async (_, type, body) => {
    let requests = 0;
    const fetch = () => {
      requests += 1;
      return Promise.resolve(new Response(body, { headers: { 'content-type': type } }));
    };
    const other = connect({ url: gateway.url, key: 'k', database: 'main', fetch });
    await expect(take(other.changes({ patienceMs: 400 }), 1)).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'unreadable-answer',
    });
    expect(requests).toBeLessThan(40);
  });

  it('outlives a token function that fails', async () => {
    let asked = 0;
    const token = () => (asked++ === 0 ? Promise.reject(new TypeError('fetch failed')) : gateway.token);
    await db.put(['k'], 1);
    expect(await take(clientOf(gateway, { token }).changes({ since: '0' }), 1)).toHaveLength(1);
  });

  it('goes on with the next token when one ends in the midst, and ends when there is none', async () => {
    const tokens = [gateway.token];
    const token = () => tokens.shift() ?? Promise.resolve('');
    const feed = clientOf(gateway, { token }).changes({ since: '0' });
    await db.put(['k'], 1);
    expect((await feed.next()).value?.changes).toMatchObject([{ value: 1 }]);
    gateway.token = 'second';
    tokens.push('second');
    gateway.refuseFeeds('invalid-token', 401);
    const next = feed.next();
    await clientOf(gateway).put(['k'], 2);
    expect((await next).value?.changes).toMatchObject([{ value: 2 }]);
    gateway.token = 'third';
    gateway.refuseFeeds('invalid-token', 401);
    await expect(feed.next()).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('comes back at once when its token ends, whatever others are told to wait', async () => {
    gateway.retryMs = 60_000;
    const tokens = [gateway.token, 'second'];
    const feed = clientOf(gateway, { token: () => tokens.shift() ?? '' }).changes({ since: '0' });
    await db.put(['k'], 1);
    await feed.next();
    gateway.token = 'second';
    gateway.refuseFeeds('invalid-token', 401);
    const next = feed.next();
    await clientOf(gateway).put(['k'], 2);
    expect((await next).value?.changes).toMatchObject([{ value: 2 }]);
    await feed.return?.();
  });

  it('outlives its connection however long it was quiet before', async () => {
    const feed = db.changes({ since: '0', patienceMs: 100 });
    const next = feed.next();
    for (const _ of [1, 2, 3]) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      gateway.cutFeeds();
    }
    await db.put(['k'], 1);
    expect((await next).value?.changes).toMatchObject([{ value: 1 }]);
    await feed.return?.();
  });

  it.each(['0#', '0&prefix=', '', '1', 'W/"00000000000000000001"', 'A'.repeat(20)])(
    'refuses to begin at %p, and sends nothing',
    async (since) => {
      const wrong = { name: 'InvalidError', code: 'invalid-version' };
      await expect(take(db.changes({ since, prefix: ['mine'] }), 1)).rejects.toMatchObject(wrong);
      expect(gateway.seen).toEqual([]);
    },
  );

  it('throws what coming back cannot change', async () => {
    gateway.fate = () => ({ status: 410, body: '{"code":"history-gone"}' });
    await expect(take(db.changes({ since: '0' }), 1)).rejects.toMatchObject({
      name: 'InvalidError',
      code: 'history-gone',
    });
  });

  it('gives up when nothing was reached for as long as it may be patient', async () => {
    gateway.fate = () => 'drop-request';
    await expect(take(db.changes({ patienceMs: 100 }), 1)).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'unreachable',
    });
    expect(gateway.seen.length).toBeGreaterThan(2);
  });
});
