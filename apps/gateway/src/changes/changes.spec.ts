import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOP_HEADERS } from '@leasehold/protocol';

import { FakeChangeLog } from '../testing/fake-change-log.js';
import type { FakeWorker } from '../testing/fake-worker.js';
import { answerProblem, misdirect } from '../testing/fake-worker.js';
import { FeedClient } from '../testing/feed-client.js';
import type { FeedClientOptions } from '../testing/feed-client.js';
import { DATABASE_ID, GatewayWorld } from '../testing/gateway-world.js';

const CHANGES = '/v1/db/main/changes';

let world: GatewayWorld;
let worker: FakeWorker;
let log: FakeChangeLog;
const clients: FeedClient[] = [];

beforeEach(async () => {
  world = await new GatewayWorld().start({ TENANT_BURST_REQUESTS: '10000' });
  worker = await world.addWorker();
  log = new FakeChangeLog();
  worker.behaviour = log.serve;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await world.stop();
});

async function open(
  query = '',
  { headers = {}, method }: FeedClientOptions = {},
  key = world.key,
): Promise<FeedClient> {
  const client = await FeedClient.open(world.url, `${CHANGES}${query}`, {
    method: method ?? 'GET',
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
  clients.push(client);
  return client;
}

const told = (client: FeedClient, count: number) => client.until(`${count} events`, () => client.ids.length >= count);

describe('a change feed', () => {
  it('tells what was committed and goes on with what is', async () => {
    log.commit('1', '2');
    const client = await open('?since=0');
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    await told(client, 2);
    log.commit('3', 'a\nb');
    await told(client, 4);
    expect(client.ids).toEqual(log.ids);
    expect(
      client.events.map(({ data }) => (JSON.parse(data) as { changes: { value: string }[] }).changes[0]?.value),
    ).toEqual(['1', '2', '3', 'a\nb']);
    expect([client.ended, client.retryMs, client.lastId]).toEqual([undefined, 2_000, log.idOf(4)]);
  });

  it('begins at the present when it is not told where, and says at once where that is', async () => {
    log.commit('1', '2');
    const client = await open();
    await client.until('its place', () => client.lastId === log.idOf(2));
    log.commit('3');
    await told(client, 1);
    expect(client.ids).toEqual([log.idOf(3)]);
  });

  it('is asked for part by part, each from where the last one ended, and waits at the worker', async () => {
    log.partCommits = 2;
    log.commit('1', '2', '3', '4', '5');
    const client = await open('?since=0&prefix=%FF&encoding=base64');
    await told(client, 5);
    await client.until('a part that waits', () => log.waiting === 1);
    expect(log.asked.map(({ since, waitMs }) => [since, waitMs])).toEqual([
      [0, 0],
      [2, 25_000],
      [4, 25_000],
      [5, 25_000],
    ]);
    expect(log.asked.at(-1)).toMatchObject({ prefix: Buffer.from([0xff]), encoding: 'base64' });
    // The worker is told that the gateway listens for all of that time.
    expect(Number(worker.received.at(-1)?.headers[HOP_HEADERS.waitMs])).toBeGreaterThan(25_000);
  });

  it('resumes after the id that a client saw last, also where its URL names an earlier one', async () => {
    log.commit('1', '2', '3');
    const headers = { 'last-event-id': log.idOf(2) };
    for (const query of ['', '?since=0', `?since=${log.idOf(1)}`]) {
      const client = await open(query, { headers });
      await told(client, 1);
      expect(client.ids).toEqual([log.idOf(3)]);
    }
  });

  it('tells nothing twice and leaves nothing out however often its connection ends', async () => {
    log.partCommits = 3;
    log.commit(...Array.from({ length: 50 }, (_, n) => String(n)));
    const ids: string[] = [];
    for (let lastId: string | undefined; ids.length < 50;) {
      const client: FeedClient = await open('?since=0', {
        headers: lastId === undefined ? {} : { 'last-event-id': lastId },
      });
      await told(client, 1);
      ids.push(...client.ids);
      lastId = client.lastId;
      client.close();
    }
    expect(ids).toEqual(log.ids);
  });

  it('answers HEAD with what GET would begin with', async () => {
    const client = await open('?since=0', { method: 'HEAD' });
    await client.untilEnded();
    expect([client.status, client.headers['content-type'], client.text]).toEqual([200, 'text/event-stream', '']);
    const future = await open(`?since=${log.idOf(1)}`, { method: 'HEAD' });
    expect(future.status).toBe(400);
  });

  it('ends at the worker when its client goes away', async () => {
    const client = await open();
    await client.until('a part that waits', () => log.waiting === 1);
    client.close();
    await client.until('nobody waits', () => log.waiting === 0, 2_000);
    // It was called back, which is no fault of the worker: others are served.
    for (let n = 0; n < 5; n++) {
      const next = await open();
      await next.until('a part that waits', () => log.waiting === 1);
      next.close();
      await next.until('nobody waits', () => log.waiting === 0, 2_000);
    }
    expect((await open()).status).toBe(200);
  });

  it('takes no place of other requests', async () => {
    for (let n = 0; n < 20; n++) await open();
    await clients[0]?.until('all wait', () => log.waiting === 20);
    const metrics = await world.call('GET', '/metrics');
    expect(metrics.body.toString()).toMatch(/leasehold_gateway_change_feeds(\{.*\})? 20/);
    expect(metrics.body.toString()).toMatch(/leasehold_gateway_forwarded_requests(\{.*\})? 0/);
  });
});

describe('a change feed that cannot begin', () => {
  it.each([
    ['history that is gone', 'history-gone', 410],
    ['a database that was deleted', 'database-not-found', 404],
    ['a store that does not answer', 'store-unavailable', 503],
    ['damaged bytes', 'corrupt-object', 500],
  ] as const)('says so as any request does: %s', async (_what, code, status) => {
    worker.behaviour = (_hop, response) => answerProblem(response, code);
    const client = await open('?since=0');
    await client.untilEnded();
    expect([client.status, client.headers['content-type']]).toEqual([status, 'application/problem+json']);
    expect(client.json()).toMatchObject({ code, requestId: client.headers['x-request-id'] });
  });

  it.each([
    ['nonsense', '?since=x', {}, 'invalid-parameter', 400],
    ['an entity tag with its quotes', `?since=%2200000001000000000001%22`, {}, 'invalid-parameter', 400],
    ['a sequence', '?since=7', {}, 'invalid-parameter', 400],
    ['another parameter', '?since=0&limit=1', {}, 'invalid-parameter', 400],
    ['a parameter of the hop', '?waitMs=1', {}, 'invalid-parameter', 400],
    ['a prefix longer than any key', `?prefix=${'p'.repeat(2_049)}`, {}, 'invalid-parameter', 400],
    ['an encoding that there is not', '?encoding=hex', {}, 'invalid-parameter', 400],
    ['an id of another feed', '?since=0', { 'last-event-id': '17' }, 'invalid-request', 400],
    ['a condition', '', { 'if-none-match': '"00000001000000000001"' }, 'unsupported-header', 400],
    ['an idempotency key', '', { 'idempotency-key': '1' }, 'unsupported-header', 400],
    ['JSON', '', { accept: 'application/json' }, 'not-acceptable', 406],
    ['anything but events', '', { accept: '*/*, text/event-stream;q=0' }, 'not-acceptable', 406],
  ] as const)('refuses %s before a worker hears of it', async (_what, query, headers, code, status) => {
    const client = await open(query, { headers });
    await client.untilEnded();
    expect([client.status, client.json()['code']]).toEqual([status, code]);
    expect(worker.received).toHaveLength(0);
  });

  it('refuses what only the worker can tell: the future', async () => {
    const client = await open(`?since=${log.idOf(9)}`);
    await client.untilEnded();
    expect([client.status, client.json()['code']]).toEqual([400, 'invalid-version']);
  });

  it.each(['text/event-stream', 'text/*', '*/*', 'application/json;q=1, text/event-stream;q=0.1', ''])(
    'takes Accept: %s',
    async (accept) => {
      expect((await open('', { headers: { accept } })).status).toBe(200);
    },
  );

  it('needs a key that may read, and the database of its tenant', async () => {
    const writer = await open('', {}, world.source.addKey('tenant-a', ['data:write']));
    const stranger = await open('', {}, world.source.addKey('tenant-b', ['data:read']));
    const nobody = await open('', {}, 'lh_x');
    expect([writer.status, stranger.status, nobody.status]).toEqual([403, 404, 401]);
    expect(worker.received).toHaveLength(0);
  });
});

describe('a change feed whose worker', () => {
  it('is killed goes on with the next one', async () => {
    log.commit('1');
    const next = await world.addWorker();
    next.behaviour = log.serve;
    const client = await open('?since=0');
    await told(client, 1);
    await client.until('a part that waits', () => log.waiting === 1);
    const owner = worker.received.length > 1 ? worker : next;
    await owner.stop();
    world.sessions.end(owner.id, 'sealed');
    log.commit('2');
    await told(client, 2);
    expect([client.ids, client.ended]).toEqual([log.ids, undefined]);
  });

  it('points elsewhere goes there', async () => {
    const owner = await world.addWorker();
    owner.behaviour = log.serve;
    worker.behaviour = misdirect(owner.id);
    log.commit('1');
    await told(await open('?since=0'), 1);
  });

  it('cannot serve for a while stays, and tells what it missed', async () => {
    log.commit('1');
    const client = await open('?since=0');
    await told(client, 1);
    const codes = [
      'store-unavailable',
      'owner-unavailable',
      'overloaded',
      'session-expired',
      'service-draining',
    ] as const;
    let refusals = 0;
    worker.behaviour = (_hop, response) => answerProblem(response, codes[refusals++ % codes.length]!, {}, 1);
    log.commit('2');
    await client.until('refusals', () => refusals >= 10, 10_000);
    worker.behaviour = log.serve;
    log.commit('3');
    await told(client, 3);
    expect([client.ids, client.error, client.ended]).toEqual([log.ids, undefined, undefined]);
  }, 20_000);

  it('knows no more of its place ends with an error event, and the client is told whether to come back', async () => {
    log.commit('1');
    const client = await open('?since=0');
    await told(client, 1);
    await client.until('a part that waits', () => log.waiting === 1);
    worker.behaviour = (_hop, response) => answerProblem(response, 'history-gone');
    log.commit('2');
    await client.untilEnded();
    expect(client.ended).toBe('whole');
    expect(client.error).toMatchObject({
      code: 'history-gone',
      status: 410,
      requestId: client.headers['x-request-id'],
    });
    expect(client.lastId).toBe(log.idOf(2));
    const again = await open('?since=0', { headers: { 'last-event-id': client.lastId } });
    expect(again.status).toBe(410);
  });
});

describe('a change feed', () => {
  it('tells nothing more once its key is revoked', async () => {
    log.commit('1');
    const client = await open('?since=0');
    await told(client, 1);
    await client.until('a part that waits', () => log.waiting === 1);
    world.source.revoke(world.key);
    await client.until('the revocation is known', () => world.source.allTold);
    log.commit('2');
    await client.untilEnded();
    expect(client.error).toMatchObject({ code: 'invalid-api-key', status: 401 });
    expect(client.ids).toEqual([log.idOf(1)]);
  });

  it('ends when its database is another one by now', async () => {
    log.commit('1');
    const client = await open('?since=0');
    await told(client, 1);
    world.source.replaceDatabase('tenant-a', 'main', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d77');
    await client.until('the change is known', () => world.source.allTold);
    log.commit('2');
    await client.untilEnded();
    expect(client.error).toMatchObject({ code: 'database-not-found' });
    expect(client.ids).toEqual([log.idOf(1)]);
    expect(worker.received.every(({ path }) => path.includes(DATABASE_ID))).toBe(true);
  });

  it('ends soon when the gateway drains, and its client is told to resume', async () => {
    log.commit('1');
    const client = await open('?since=0');
    await told(client, 1);
    await client.until('a part that waits', () => log.waiting === 1);
    const begunAt = performance.now();
    await world.stop();
    await client.untilEnded();
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    expect([client.ended, client.error]).toEqual(['whole', undefined]);
    expect(client.retryMs).toBeLessThanOrEqual(1_000);
  });

  it('ends after its lifetime, and its client is told to resume', async () => {
    await world.stop();
    world = await new GatewayWorld().start({ FEED_LIFETIME_MS: '1000' });
    worker = await world.addWorker();
    worker.behaviour = log.serve;
    const client = await open();
    await client.untilEnded();
    expect([client.ended, client.error]).toEqual(['whole', undefined]);
    await client.until('its worker waits no longer', () => log.waiting === 0);
  });

  it('is open so often for one tenant, and no further', async () => {
    const opened = await Promise.all(Array.from({ length: 101 }, () => open()));
    const refused = opened.filter(({ status }) => status !== 200);
    expect(refused.map(({ status }) => status)).toEqual([429]);
    await refused[0]?.untilEnded();
    expect(refused[0]?.json()).toMatchObject({ code: 'too-many-requests', retryAfterMs: 5_000 });
    const other = opened.find(({ status }) => status === 200);
    other?.close();
    await other?.until('its place is free', () => log.waiting < 100);
    expect((await open()).status).toBe(200);
  });
});
