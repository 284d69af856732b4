import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { FakeWorker } from '../testing/fake-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';

const TARGET = '/v1/db/main/keys/k';
const TRANSACTIONS = '/v1/db/main/transactions';
const LIMIT = 1_000;
const JSON_HEADERS = { 'content-type': 'application/json' };

describe('the quotas of a tenant over HTTP', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;

  beforeEach(async () => {
    world = await new GatewayWorld().start({ TENANT_REQUESTS_PER_SECOND: '100' });
    worker = await world.addWorker();
  });
  afterEach(() => world.stop());

  const told = async () => {
    while (!world.source.allTold) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const get = () => world.call('GET', TARGET);
  /** Asks until that is the answer: how fast is up to the machine. */
  const untilAnswered = async (status: number) => {
    const startedAt = performance.now();
    while ((await get()).status !== status) expect(performance.now() - startedAt).toBeLessThan(5_000);
  };
  const put = () => world.call('PUT', TARGET, { body: 'v' });
  const transact = (...ops: readonly object[]) =>
    world.call('POST', TRANSACTIONS, { headers: JSON_HEADERS, body: JSON.stringify({ ops }) });

  it('take the place of the settings, and what changes holds from the next request on', async () => {
    expect((await get()).headers['ratelimit-policy']).toContain('"requests";q=200;w=2,');
    world.source.setQuotas('tenant-a', { requestsPerSecond: 3, concurrentRequests: 7 });
    await told();
    const policy = (await get()).headers['ratelimit-policy'];
    expect(policy).toContain('"requests";q=6;w=2,');
    expect(policy).toContain('"concurrency";q=7');
    await untilAnswered(429);
    world.source.setQuotas('tenant-a', { requestsPerSecond: 100_000 });
    await told();
    expect((await get()).headers['ratelimit-policy']).toContain('"requests";q=200000;w=2,');
    await untilAnswered(404);
    for (let n = 0; n < 20; n++) expect((await get()).status).toBe(404);
  });

  it('hold on while the directory does not answer', async () => {
    world.source.setQuotas('tenant-a', { requestsPerSecond: 9 });
    await told();
    expect((await get()).headers['ratelimit-policy']).toContain('"requests";q=18;');
    world.source.down = true;
    expect((await get()).headers['ratelimit-policy']).toContain('"requests";q=18;');
  });

  it('let a tenant whose storage is used up read and delete, and write nothing more until there is room', async () => {
    expect((await put()).status).toBe(200);
    world.source.setQuotas('tenant-a', { usedUpStorageBytes: LIMIT });
    await told();
    const before = worker.received.length;
    for (const refused of [
      await put(),
      await put(),
      await transact({ op: 'put', key: 'k', value: 'v' }),
      await transact({ op: 'delete', key: 'k' }, { op: 'sum', key: 'n', operand: 1 }),
    ]) {
      expect(refused.status).toBe(429);
      expect(refused.json()).toMatchObject({ code: 'quota-exceeded', quota: 'storageBytes', limit: LIMIT });
      expect(refused.json()['retryAfterMs']).toBeUndefined();
    }
    expect(worker.received).toHaveLength(before);
    for (const allowed of [
      await get(),
      await world.call('GET', '/v1/db/main/keys?prefix=k'),
      await world.call('DELETE', TARGET),
      await world.call('DELETE', '/v1/db/main/keys?prefix=k'),
      await transact({ op: 'delete', key: 'k' }, { op: 'deleteRange', range: { prefix: 'k' } }),
    ]) {
      expect(allowed.status).toBe(200);
    }
    world.source.setQuotas('tenant-a', {});
    await told();
    expect((await put()).status).toBe(200);
  });

  it('of one tenant are nothing to another', async () => {
    world.source.setQuotas('tenant-a', { usedUpStorageBytes: LIMIT, requestsPerSecond: 1, burstRequests: 1 });
    await told();
    const key = world.source.addKey('tenant-b', ['data:read', 'data:write']);
    world.source.addDatabase('tenant-b', 'main', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12');
    for (let n = 0; n < 5; n++) expect((await world.call('PUT', TARGET, { key, body: 'v' })).status).toBe(200);
  });
});
