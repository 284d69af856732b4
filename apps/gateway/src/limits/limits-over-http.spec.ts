import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FakeChangeLog } from '../testing/fake-change-log.js';
import { FeedClient } from '../testing/feed-client.js';
import { GatewayWorld } from '../testing/gateway-world.js';

const TARGET = '/v1/db/main/keys/k';

describe('the limits of tenants over HTTP', () => {
  let world: GatewayWorld;

  beforeEach(async () => {
    world = await new GatewayWorld().start({
      TENANT_REQUESTS_PER_SECOND: '1',
      TENANT_BURST_REQUESTS: '3',
      TENANT_BYTES_PER_SECOND: '65536',
      TENANT_CONCURRENT_REQUESTS: '2',
    });
  });
  afterEach(() => world.stop());

  it('are told with every answer', async () => {
    await world.addWorker();
    const { headers } = await world.call('GET', TARGET);
    expect(headers['ratelimit-policy']).toBe(
      '"requests";q=3;w=3, "bytes";q=131072;w=2;qu="content-bytes", "concurrency";q=2;qu="concurrent-requests"',
    );
    expect(headers['ratelimit']).toBe('"requests";r=2;t=1, "bytes";r=131072;t=1');
  });

  it('refuse what is beyond them before a worker hears of it, and say when to come back', async () => {
    const worker = await world.addWorker();
    for (let n = 0; n < 3; n++) await world.call('GET', TARGET);
    const forwarded = worker.received.length;
    const refused = await world.call('PUT', TARGET, { body: 'x' });
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.headers['ratelimit']).toMatch(/^"requests";r=0;t=1, "bytes";r=\d+;t=1$/);
    expect(refused.json()).toMatchObject({ code: 'too-many-requests', violatedPolicies: ['requests'] });
    expect(refused.json()['retryAfterMs']).toBeGreaterThan(0);
    expect(worker.received).toHaveLength(forwarded);
  });

  it('count requests for databases that do not exist', async () => {
    for (let n = 0; n < 3; n++) expect((await world.call('GET', '/v1/db/nope/keys/k')).status).toBe(404);
    expect((await world.call('GET', '/v1/db/nope/keys/k')).status).toBe(429);
  });

  it('count the bytes of bodies and of answers', async () => {
    await world.addWorker();
    await world.call('PUT', TARGET, { body: Buffer.alloc(100_000) });
    expect((await world.call('GET', TARGET)).status).toBe(200);
    const refused = await world.call('GET', TARGET);
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ violatedPolicies: ['bytes'] });
  });

  it.each([
    ['taken', 140_000, 200],
    ['refused', 1_000_000, 413],
  ])('count the bytes of bodies whose length is not announced, %s', async (_what, sizeBytes, status) => {
    const worker = await world.addWorker();
    const body = Buffer.alloc(sizeBytes, 'x');
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await world.call('PUT', TARGET, { body, headers })).status).toBe(status);
    expect(worker.received.map((hop) => hop.body.byteLength)).toEqual(status === 200 ? [sizeBytes] : []);
    const refused = await world.call('GET', TARGET);
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ violatedPolicies: ['bytes'] });
  });

  it('count what a change feed tells', async () => {
    const log = new FakeChangeLog();
    (await world.addWorker()).behaviour = log.serve;
    const authorization = `Bearer ${world.key}`;
    const client = await FeedClient.open(world.url, '/v1/db/main/changes?since=0', { headers: { authorization } });
    log.commit('v'.repeat(200_000));
    await client.until('its event', () => client.ids.length === 1);
    const refused = await world.call('GET', TARGET);
    client.close();
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ violatedPolicies: ['bytes'] });
  });

  it('leave other tenants and strangers alone', async () => {
    const other = world.source.addKey('tenant-b', ['data:read']);
    for (let n = 0; n < 4; n++) await world.call('GET', TARGET);
    expect((await world.call('GET', TARGET, { key: other })).status).toBe(404);
    const stranger = await world.call('GET', TARGET, { key: '' });
    expect(stranger.status).toBe(401);
    expect(stranger.headers['ratelimit']).toBeUndefined();
  });

  it('bound what is under way at the same time, and make room when an answer has been taken', async () => {
    // No worker: requests are held until the hold time ends.
    const held = [world.call('GET', TARGET), world.call('GET', TARGET)];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const refused = await world.call('GET', TARGET);
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ violatedPolicies: ['concurrency'] });
    for (const answer of held) expect((await answer).status).toBe(503);
    expect((await world.call('GET', TARGET)).status).toBe(503);
  });
});
