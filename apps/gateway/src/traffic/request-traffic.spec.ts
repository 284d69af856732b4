import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mergeTraffic, percentileMs } from '@leasehold/metering';
import { HOP_PHASES_HEADER } from '@leasehold/protocol';

import { FakeChangeLog } from '../testing/fake-change-log.js';
import { FeedClient } from '../testing/feed-client.js';
import { answerJson, answerProblem, type Behaviour, type FakeWorker } from '../testing/fake-worker.js';
import { DATABASE_ID, GatewayWorld } from '../testing/gateway-world.js';

const KEY = '/v1/db/main/keys/a';
/** One goes ahead of the routes, one through them. */
const WAYS = [KEY, '/v1/db/main/keys?limit=1'];

describe('the traffic of a database', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;

  beforeEach(async () => {
    world = await new GatewayWorld().start();
    worker = await world.addWorker();
  });
  afterEach(() => world.stop());

  const taken = () => {
    const { minutes, others } = world.traffic.take();
    const databases = new Set(minutes.map(({ database }) => database));
    return { ...mergeTraffic(minutes), databases: [...databases], others };
  };
  const slowly =
    (ms: number, phases: string): Behaviour =>
    async (_hop, response) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      response.setHeader(HOP_PHASES_HEADER, phases);
      answerJson(response, 200, {});
    };

  it.each(WAYS)('has the time of each request (%s)', async (path) => {
    worker.behaviour = slowly(20, 'read;dur=19, total;dur=19');
    for (let n = 0; n < 5; n++) await world.call('GET', path);
    const { requests, errors, coldStarts, coldPhases, latency, databases, others } = taken();
    expect({ requests, errors, coldStarts, coldPhases, databases, others }).toEqual({
      ...{ requests: 5, errors: 0, coldStarts: 0, coldPhases: {}, databases: [DATABASE_ID], others: 0 },
    });
    expect(percentileMs(latency, 0.5)).toBeGreaterThan(19);
    expect(percentileMs(latency, 0.5)).toBeLessThan(2_000);
  });

  it.each(WAYS)('tells those that met a database that was not open, and where their time went (%s)', async (path) => {
    worker.behaviour = slowly(60, 'open;dur=26.25, put;dur=30, total;dur=56.25');
    await world.call('GET', path);
    worker.behaviour = slowly(30, 'head;dur=25, total;dur=25');
    await world.call('GET', path);
    worker.behaviour = slowly(1, 'read;dur=0.5, total;dur=0.5');
    await world.call('GET', path);
    const { requests, coldStarts, coldPhases } = taken();
    expect([requests, coldStarts]).toEqual([3, 2]);
    expect(coldPhases).toMatchObject({ open: 26_250, put: 30_000, head: 25_000 });
    expect(coldPhases).not.toHaveProperty('read');
  });

  it.each(WAYS)('has what failed, and what was refused beside it (%s)', async (path) => {
    worker.behaviour = (_hop, response) => answerProblem(response, 'internal');
    await world.call('GET', path);
    worker.behaviour = (_hop, response) => answerProblem(response, 'key-not-found');
    await world.call('GET', path);
    const { requests, errors } = taken();
    expect([requests, errors]).toEqual([2, 1]);
  });

  it('has nothing of requests that are of no database, and none of streams', async () => {
    await world.call('GET', '/v1/db/nowhere/keys/a');
    await world.call('GET', KEY, { key: '' });
    await world.call('GET', '/healthz');
    worker.behaviour = new FakeChangeLog().serve;
    const headers = { authorization: `Bearer ${world.key}` };
    const feed = await FeedClient.open(world.url, '/v1/db/main/changes?since=0', { headers });
    feed.close();
    expect(taken()).toMatchObject({ requests: 0, others: 0 });
  });
});
