import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { answerStored, type FakeWorker } from '../testing/fake-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';

const WAKES = 4;
const COLD = 150;
/** As TenantWakes lets wait by itself. */
const WAITING = 128;

describe('the wakes of a tenant over HTTP', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  let awake: () => void;
  const cold = Array.from({ length: COLD }, () => ({ id: randomUUID(), name: `cold-${randomUUID()}` }));
  const target = (database: string) => `/v1/db/${database}/keys/k`;

  beforeEach(async () => {
    world = await new GatewayWorld().start({ TENANT_CONCURRENT_WAKES: String(WAKES), HOLD_TIMEOUT_MS: '5000' });
    worker = await world.addWorker();
    for (const { id, name } of cold) world.source.addDatabase('tenant-a', name, id);
    const stored = answerStored(new Map());
    const awoken = new Promise<void>((resolve) => (awake = resolve));
    worker.behaviour = async (hop, response) => {
      if (cold.some(({ id }) => hop.path.includes(id))) await awoken;
      return stored(hop, response);
    };
  });
  afterEach(() => world.stop());

  it('stall neither another tenant nor what is awake, and are refused beyond those that may wait', async () => {
    // From now on somebody is known to serve it.
    await world.call('GET', target('main'));
    const key = world.source.addKey('tenant-b', ['data:read']);
    world.source.addDatabase('tenant-b', 'other', randomUUID());
    const before = worker.received.length;
    let refused = 0;
    const answers = cold.map(async ({ name }) => {
      const answer = await world.call('GET', target(name));
      if (answer.status === 429) refused++;
      return answer;
    });
    while (refused < COLD - WAKES - WAITING) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(worker.received.length - before).toBe(WAKES);
    for (const [database, options] of [
      ['main', {}],
      ['other', { key }],
    ] as const) {
      expect((await world.call('GET', target(database), options)).json()['code']).toBe('key-not-found');
    }
    expect(worker.received.length - before).toBe(WAKES + 2);
    awake();
    const ended = await Promise.all(answers);
    const late = ended.filter(({ status }) => status === 429);
    expect(late).toHaveLength(COLD - WAKES - WAITING);
    for (const { headers, json } of late) {
      expect(json()).toMatchObject({ code: 'too-many-requests', violatedPolicies: ['wakes'], retryAfterMs: 1_000 });
      expect(headers['retry-after']).toBe('1');
    }
    expect(ended.filter(({ status }) => status === 404)).toHaveLength(WAKES + WAITING);
    // Whom it has met it need not wake again.
    const warm = await Promise.all(cold.slice(0, WAKES).map(({ name }) => world.call('GET', target(name))));
    expect(warm.map(({ status }) => status)).toEqual(Array(WAKES).fill(404));
  });

  it.each([
    ['reads', 'GET', 'keys/k'],
    ['change feeds', 'HEAD', 'changes?since=0'],
  ])('are those of who asks, whosever databases they are: %s', async (_what, method, resource) => {
    const guest = world.source.addKey('tenant-b', ['data:read']);
    const granted = cold.slice(0, 2 * WAKES).map(({ name }) => {
      const database = world.source.addDatabase('tenant-a', `of-${name}`, randomUUID());
      world.source.share('tenant-b', `owner~${database.name}`, database, 'read');
      return database;
    });
    const before = worker.received.length;
    const stored = worker.behaviour;
    worker.behaviour = async (hop, response) => {
      if (granted.some(({ id }) => hop.path.includes(id))) await new Promise<void>((resolve) => held.push(resolve));
      return stored(hop, response);
    };
    const held: (() => void)[] = [];
    const answers = granted.map(({ name }) => world.call(method, `/v1/db/owner~${name}/${resource}`, { key: guest }));
    while (held.length < WAKES) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await world.call('GET', target('main'))).json()['code']).toBe('key-not-found');
    expect(worker.received.length - before).toBe(WAKES + 1);
    const isOver = Promise.all(answers).then(() => true);
    while (!(await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 5))]))) {
      for (const go of held.splice(0)) go();
    }
  });
});
