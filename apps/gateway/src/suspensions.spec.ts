import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseApiKey } from '@leasehold/directory';
import { seededRandom, systemClock, type TenantId } from '@leasehold/foundation';
import { MemoryStore } from '@leasehold/object-store';
import { recentRevocations, resumption, RevocationLog, RevocationWatch, suspension } from '@leasehold/revocations';

import { FakeChangeLog } from './testing/fake-change-log.js';
import { FeedClient } from './testing/feed-client.js';
import { GatewayWorld } from './testing/gateway-world.js';

const A = 'tenant-a' as TenantId;
const GATEWAYS = 3;
const INTERVAL_MS = 50;
/** What stands at 10 s in the product, at the interval of this test. */
const SOON_MS = 2_000;

/** Everything a gateway lets a tenant do, whatever the answer would be. */
const REQUESTS = [
  ['GET', '/v1/db/main/keys/a'],
  ['HEAD', '/v1/db/main/keys/a'],
  ['PUT', '/v1/db/main/keys/a'],
  ['DELETE', '/v1/db/main/keys/a'],
  ['DELETE', '/v1/db/main/keys?prefix=a'],
  ['GET', '/v1/db/main/keys'],
  ['POST', '/v1/db/main/transactions'],
  ['POST', '/v1/db/main/reads'],
  ['GET', '/v1/db/main/changes?since=0'],
  ['POST', '/v1/db/main/warm'],
  ['GET', '/v1/db/main/stats'],
  ['POST', '/kv/main'],
  ['POST', '/kv/main/v2/snapshot_read'],
  ['POST', '/kv/main/v2/atomic_write'],
  ['POST', '/kv/main/v2/watch'],
] as const;

describe('a suspended tenant', () => {
  let world: GatewayWorld;
  let writer: RevocationLog;
  let watch: RevocationWatch;
  let feeds: FeedClient[];
  let neighbour: string;
  let commits: FakeChangeLog;

  beforeEach(async () => {
    const context = { store: new MemoryStore(systemClock), clock: systemClock };
    writer = new RevocationLog({ ...context, random: seededRandom(1) });
    watch = new RevocationWatch({ ...context, random: seededRandom(2) }, { intervalMs: INTERVAL_MS });
    await watch.start();
    world = new GatewayWorld({ revocations: watch });
    neighbour = world.source.addKey('tenant-b', ['data:read']);
    await world.start();
    feeds = [];
    const worker = await world.addWorker();
    commits = new FakeChangeLog();
    worker.behaviour = commits.serve;
  });
  afterEach(async () => {
    for (const feed of feeds) feed.close();
    await world.stop();
    await watch.stop();
  });

  async function codeOf(method: string, path: string, key = world.key): Promise<string> {
    const answer = await world.call(method, path, { key, ...(method === 'POST' ? { body: '{}' } : {}) });
    if (method === 'HEAD') return String(answer.status);
    return answer.status >= 400 ? String(answer.json()['code']) : String(answer.status);
  }

  async function until(what: () => Promise<boolean>): Promise<void> {
    const since = performance.now();
    while (!(await what())) {
      if (performance.now() - since > SOON_MS) throw new Error('it did not happen soon');
      await systemClock.sleep(10);
    }
  }

  const isRefused = async () => (await codeOf('GET', '/v1/db/main/stats')) === 'tenant-suspended';

  it('is refused everything, without Postgres and the control plane, and its neighbour nothing', async () => {
    expect(await isRefused()).toBe(false);
    expect(await codeOf('GET', '/v1/db/main/stats', neighbour)).toBe('database-not-found');
    world.source.down = true;
    await writer.append(suspension(A, 'abuse', 'op'));
    await until(isRefused);
    for (const [method, path] of REQUESTS) {
      expect([method, path, await codeOf(method, path)]).toEqual([
        method,
        path,
        method === 'HEAD' ? '403' : 'tenant-suspended',
      ]);
    }
    world.source.down = false;
    expect(await codeOf('GET', '/v1/db/main/stats', neighbour)).toBe('database-not-found');
  });

  it('is served again once it is resumed, still without Postgres', async () => {
    await codeOf('GET', '/v1/db/main/stats');
    world.source.down = true;
    await writer.append(suspension(A, 'abuse', 'op'));
    await until(isRefused);
    await writer.append(resumption(A));
    await until(async () => !(await isRefused()));
  });

  it('is refused within two seconds of the commit in Postgres, and served as soon after a resumption there', async () => {
    await codeOf('GET', '/v1/db/main/stats');
    world.source.suspend(A);
    await until(isRefused);
    world.source.resume(A);
    await until(async () => !(await isRefused()));
  });

  it('is told nothing more by the feeds that it has open', async () => {
    const headers = { authorization: `Bearer ${world.key}` };
    const feed = await FeedClient.open(world.url, '/v1/db/main/changes?since=0', { headers });
    feeds.push(feed);
    await feed.until('a part that waits', () => commits.waiting === 1);
    await writer.append(suspension(A, 'abuse', 'op'));
    await until(isRefused);
    commits.commit('1');
    await feed.untilEnded();
    expect([feed.error, feed.ids]).toMatchObject([{ code: 'tenant-suspended', status: 403 }, []]);
  });

  it.each(['the bucket', 'Postgres'])('has nobody else read what it granted, once %s says so', async (where) => {
    const theirs = world.source.addDatabase(A, 'orders', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d13');
    world.source.share('tenant-b', 'owner~orders', theirs, 'read');
    const read = (path: string) => codeOf('GET', `/v1/db/owner~orders${path}`, neighbour);
    expect(await read('/stats')).not.toBe('tenant-suspended');
    const feed = await FeedClient.open(world.url, '/v1/db/owner~orders/changes?since=0', {
      headers: { authorization: `Bearer ${neighbour}` },
    });
    feeds.push(feed);
    await feed.until('a part that waits', () => commits.waiting === 1);
    if (where === 'Postgres') world.source.suspend(A);
    else await writer.append(suspension(A, 'abuse', 'op'));
    await until(async () => (await read('/stats')) === 'tenant-suspended');
    for (const path of ['/keys/a', '/keys', '/changes?since=0']) {
      expect([path, await read(path)]).toEqual([path, 'tenant-suspended']);
    }
    commits.commit('1');
    await feed.untilEnded();
    expect([feed.error, feed.ids]).toMatchObject([{ code: 'tenant-suspended', status: 403 }, []]);
  });

  it('has a revoked key refused without Postgres, and its other keys taken', async () => {
    const other = world.source.addKey(A, ['data:read']);
    for (const key of [world.key, other]) await codeOf('GET', '/v1/db/main/stats', key);
    world.source.down = true;
    await writer.append(
      recentRevocations({ keys: [{ id: parseApiKey(world.key)!.id, at: Date.now() }], providers: [] }),
    );
    await until(async () => (await codeOf('GET', '/v1/db/main/stats')) === 'invalid-api-key');
    expect(await codeOf('GET', '/v1/db/main/stats', other)).not.toBe('invalid-api-key');
  });
});

describe('a key that is revoked', () => {
  it(`is refused by the last of ${GATEWAYS} gateways within 10 s, while Postgres and the control plane are down`, async () => {
    const context = { store: new MemoryStore(systemClock), clock: systemClock };
    const writer = new RevocationLog({ ...context, random: seededRandom(1) });
    const watches = Array.from(
      { length: GATEWAYS },
      (_, n) => new RevocationWatch({ ...context, random: seededRandom(n + 2) }),
    );
    const worlds = watches.map((revocations) => new GatewayWorld({ revocations }));
    try {
      await Promise.all(watches.map((watch) => watch.start()));
      await Promise.all(worlds.map((world) => world.start()));
      const codeOf = async (world: GatewayWorld) =>
        (await world.call('GET', '/v1/db/main/stats', { key: world.key })).json()['code'];
      for (const world of worlds) {
        expect(await codeOf(world)).not.toBe('invalid-api-key');
        world.source.down = true;
      }
      const revokedAt = performance.now();
      const keys = worlds.map(({ key }) => ({ id: parseApiKey(key)!.id, at: Date.now() }));
      await writer.append(recentRevocations({ keys, providers: [] }));
      await Promise.all(
        worlds.map(async (world) => {
          while ((await codeOf(world)) !== 'invalid-api-key') {
            expect(performance.now() - revokedAt).toBeLessThan(10_000);
            await systemClock.sleep(50);
          }
        }),
      );
      expect(performance.now() - revokedAt).toBeLessThan(10_000);
    } finally {
      await Promise.all(worlds.map((world) => world.stop()));
      await Promise.all(watches.map((watch) => watch.stop()));
    }
  }, 20_000);
});
