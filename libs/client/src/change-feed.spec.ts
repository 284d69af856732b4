import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import type { ChangeSet } from './changes.js';
import type { Database } from './database.js';

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
