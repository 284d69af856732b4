import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { FakeChangeLog } from './testing/fake-change-log.js';
import type { FakeWorker } from './testing/fake-worker.js';
import { answerStored } from './testing/fake-worker.js';
import { FeedClient } from './testing/feed-client.js';
import { GatewayWorld } from './testing/gateway-world.js';
import type { Answer } from './testing/gateway-world.js';
import { TokenMaker } from './testing/token-maker.js';

const KEY = '/v1/db/main/keys/k';
const CONSOLE = 'http://console.test:4001';
const LISTED = 'https://app.example.com';
const OTHER = 'https://evil.example';

describe('pages of other origins', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  let maker: TokenMaker;

  const get = (origin: string, key = world.key, target = KEY) =>
    world.call('GET', target, { key, headers: { origin } });
  const allowed = ({ headers }: Answer) => headers['access-control-allow-origin'];

  beforeAll(async () => {
    world = new GatewayWorld();
    maker = await TokenMaker.over(world.source);
    world.source.allowOrigins('tenant-a', [LISTED, 'http://localhost:3000']);
    world.source.allowOrigins('tenant-all', ['*']);
    world.source.addDatabase('tenant-all', 'main', '4b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d15');
    world.source.addDatabase('tenant-b', 'main', '5b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d16');
    await world.start({ CONSOLE_ORIGIN: `${CONSOLE}/` });
    worker = await world.addWorker();
  });
  afterAll(() => world.stop());

  it('may ask what they may ask, whoever they are', async () => {
    for (const origin of [LISTED, OTHER, CONSOLE, 'null']) {
      const headers = { origin, 'access-control-request-method': 'PUT' };
      const answer = await world.call('OPTIONS', KEY, { key: '', headers });
      expect([answer.status, allowed(answer), answer.headers.vary]).toEqual([204, origin, 'origin']);
      expect(answer.headers['access-control-allow-methods']).toBe('GET, PUT, POST, DELETE, HEAD, OPTIONS');
      expect(answer.headers['access-control-allow-headers']?.split(', ')).toEqual(
        expect.arrayContaining(['authorization', 'idempotency-key', 'leasehold-ttl', 'if-match', 'last-event-id']),
      );
      expect(answer.headers['access-control-allow-headers']?.split(', ')).toEqual(
        expect.arrayContaining(['x-denokv-version', 'x-denokv-database-id', 'x-transaction-domain-id']),
      );
      // No cookie ever counts.
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    }
    // An OPTIONS that is no preflight is a method like another that is not there.
    expect((await world.call('OPTIONS', KEY, { headers: { origin: OTHER } })).status).toBe(405);
  });

  it('get the answers of tenants that list them, whatever these say', async () => {
    const written = await world.call('PUT', KEY, { body: 'value', headers: { origin: LISTED } });
    expect([written.status, allowed(written)]).toEqual([200, LISTED]);
    const read = await get(LISTED);
    expect([read.body.toString(), allowed(read), read.headers.vary]).toEqual(['value', LISTED, 'origin']);
    expect(read.headers['access-control-expose-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['etag', 'leasehold-version', 'leasehold-cost', 'idempotency-replayed', 'x-request-id']),
    );
    for (const target of ['/v1/db/main/keys/absent', '/v1/db/none/keys/k', '/v1/db/main/keys?limit=0']) {
      const refused = await get(LISTED, world.key, target);
      expect([refused.status >= 400, allowed(refused)]).toEqual([true, LISTED]);
    }
  });

  it('are refused by the others before anything is done, and cannot read why', async () => {
    const before = worker.received.length;
    for (const origin of [OTHER, 'null', `${LISTED}:8443`, 'http://app.example.com', `${LISTED}.evil.example`]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await world.call(method, KEY, { headers: { origin } });
        expect([answer.status, answer.json()['code']]).toEqual([403, 'origin-not-allowed']);
        expect([allowed(answer), answer.headers.vary]).toEqual([undefined, 'origin']);
      }
    }
    const ofNobody = world.source.addKey('tenant-b', ['data:read']);
    expect((await get(LISTED, ofNobody)).json()['code']).toBe('origin-not-allowed');
    expect(worker.received).toHaveLength(before);
  });

  it('are all let in by a tenant that says so', async () => {
    const key = world.source.addKey('tenant-all', ['data:read']);
    for (const origin of [OTHER, 'null', LISTED]) {
      const answer = await get(origin, key);
      expect([answer.json()['code'], allowed(answer)]).toEqual(['key-not-found', '*']);
    }
  });

  it('hear that they have no valid key or token, so that they can get another one', async () => {
    const ended = await maker.make(world.key, { issuedAt: Date.now() - 9_000, expiresAt: Date.now() - 1_000 });
    for (const key of [ended, 'lh_nonsense', '']) {
      const answer = await get(OTHER, key);
      expect([answer.status, allowed(answer)]).toEqual([401, OTHER]);
      expect(answer.json()['code']).toBe(
        key === ended ? 'invalid-token' : key === '' ? 'unauthenticated' : 'invalid-api-key',
      );
    }
    const valid = await maker.make(world.key);
    expect([(await get(LISTED, valid)).status, (await get(OTHER, valid)).status]).toEqual([200, 403]);
  });

  it('of the console are let in by every tenant, and nobody else is without Origin asked', async () => {
    const key = world.source.addKey('tenant-b', ['data:read']);
    expect(allowed(await get(CONSOLE, key))).toBe(CONSOLE);
    const plain = await world.call('GET', KEY, { key });
    expect([plain.json()['code'], allowed(plain)]).toEqual(['key-not-found', undefined]);
  });

  it('are not told of what is not of the data plane', async () => {
    for (const target of ['/metrics', '/healthz', '/openapi.json', '/none']) {
      expect(allowed(await get(OTHER, '', target))).toBeUndefined();
    }
  });

  it('follow change feeds in the same way', async () => {
    const log = new FakeChangeLog();
    worker.behaviour = log.serve;
    log.commit('1');
    const open = (origin: string) =>
      FeedClient.open(world.url, '/v1/db/main/changes?since=0', {
        headers: { origin, authorization: `Bearer ${world.key}` },
      });
    const client = await open(LISTED);
    await client.until('the commit', () => client.ids.length === 1);
    expect(client.headers).toMatchObject({ 'access-control-allow-origin': LISTED, vary: 'origin' });
    world.source.allowOrigins('tenant-a', []);
    await client.until('word of it', () => world.source.allTold);
    log.commit('secret');
    await client.untilEnded();
    expect([client.error?.['code'], client.ids.length]).toEqual(['origin-not-allowed', 1]);
    world.source.allowOrigins('tenant-a', [LISTED]);
    const refused = await open(OTHER);
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    worker.behaviour = answerStored(new Map());
  });

  it('are let in and kept out within two seconds of what the tenant decides', async () => {
    const within2s = async (status: number) => {
      const startedAt = performance.now();
      while ((await get('https://new.example')).status !== status) {
        expect(performance.now() - startedAt).toBeLessThan(2_000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    expect((await get('https://new.example')).status).toBe(403);
    world.source.allowOrigins('tenant-a', [LISTED, 'https://new.example']);
    await within2s(404);
    world.source.allowOrigins('tenant-a', [LISTED]);
    await within2s(403);
  });

  it('read also that there are too many requests', async () => {
    const narrow = new GatewayWorld();
    narrow.source.allowOrigins('tenant-a', [LISTED]);
    await narrow.start({ TENANT_REQUESTS_PER_SECOND: '1', TENANT_BURST_REQUESTS: '1' });
    await narrow.addWorker();
    try {
      const answers = [];
      for (let n = 0; n < 3; n++) answers.push(await narrow.call('GET', KEY, { headers: { origin: LISTED } }));
      const limited = answers.find(({ status }) => status === 429);
      expect(limited && allowed(limited)).toBe(LISTED);
    } finally {
      await narrow.stop();
    }
  });
});
