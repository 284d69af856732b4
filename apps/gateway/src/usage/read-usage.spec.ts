import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseCost } from '@leasehold/protocol';

import { FakeChangeLog } from '../testing/fake-change-log.js';
import { FeedClient } from '../testing/feed-client.js';
import { answerStored, loseReply, type FakeWorker } from '../testing/fake-worker.js';
import { DATABASE_ID, GatewayWorld, type Answer } from '../testing/gateway-world.js';
import { TokenMaker } from '../testing/token-maker.js';

const KEY = '/v1/db/main/keys/a';

describe('what is read', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;

  beforeEach(async () => {
    world = await new GatewayWorld().start();
    worker = await world.addWorker();
    worker.behaviour = answerStored(new Map());
  });
  afterEach(() => world.stop());

  const reads = () => world.usage.take().flatMap(({ database, reads }) => reads.map((read) => ({ database, ...read })));
  const unitsOf = (answers: readonly Answer[]) =>
    answers.reduce((sum, { headers }) => sum + parseCost(headers['leasehold-cost']).readUnits, 0);

  it('is metered as the answers say that it costs', async () => {
    const answers: Answer[] = [];
    for (const [method, path, body] of [
      ['GET', KEY, undefined],
      ['PUT', KEY, 'value'],
      ['GET', KEY, undefined],
      ['GET', '/v1/db/main/keys/missing', undefined],
      ['GET', '/v1/db/nowhere/keys/a', undefined],
    ] as const) {
      answers.push(await world.call(method, path, { ...(body && { body }) }));
    }
    const metered = reads();
    expect(metered).toMatchObject([{ database: DATABASE_ID, requests: 3, egressBytes: 5 }]);
    expect(metered[0]?.key).toBe(world.key.slice(3, 29));
    expect([metered[0]?.readUnits, unitsOf(answers)]).toEqual([3, 3]);
  });

  it('has only those bytes as egress that answers have: none of HEAD, of what did not change, and of refusals', async () => {
    const { headers: put } = await world.call('PUT', KEY, { body: 'value' });
    const serve = worker.behaviour;
    worker.behaviour = (hop, response) =>
      hop.headers['if-none-match'] === undefined
        ? serve(hop, response)
        : void response.writeHead(304, { etag: put['etag'], 'leasehold-cost': 'read=1, write=0' }).end();
    const headers = { 'if-none-match': String(put['etag']) };
    const answers = [
      await world.call('HEAD', KEY),
      await world.call('HEAD', KEY, { headers }),
      await world.call('GET', KEY, { headers }),
      await world.call('GET', '/v1/db/main/keys/missing'),
      await world.call('HEAD', '/v1/db/main/keys/missing'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 304, 304, 404, 404]);
    expect(reads()).toMatchObject([{ requests: 5, readUnits: 5, egressBytes: 0 }]);
  });

  it('counts once where a worker was asked twice', async () => {
    await world.call('PUT', KEY, { body: 'value' });
    world.usage.take();
    const answer = worker.behaviour;
    let asked = 0;
    worker.behaviour = (hop, response) => (++asked === 1 ? loseReply(hop, response) : answer(hop, response));
    expect((await world.call('GET', KEY)).status).toBe(200);
    expect([asked, reads()]).toMatchObject([2, [{ requests: 1, readUnits: 1, egressBytes: 5 }]]);
  });

  it('is nobody’s key where a person’s token asked', async () => {
    const maker = await TokenMaker.over(world.source);
    await world.call('GET', KEY, { key: await maker.make(undefined) });
    await world.call('GET', KEY, { key: await maker.make(world.key) });
    expect(reads().map(({ key, requests }) => [key, requests])).toEqual([
      [null, 1],
      [world.key.slice(3, 29), 1],
    ]);
  });

  it('is shown to operators where there was no room to note it', async () => {
    const shown = async () => /^leasehold_gateway_lost_usage(?:\{[^}]*\})? (\d+)$/m.exec(await metrics())?.[1];
    const metrics = async () => (await fetch(`${world.url}/metrics`)).text();
    expect(await shown()).toBe('0');
    world.usage.lost = 7;
    expect(await shown()).toBe('7');
  });

  it('has the bytes of change feeds in it', async () => {
    const log = new FakeChangeLog();
    worker.behaviour = log.serve;
    const headers = { authorization: `Bearer ${world.key}` };
    const client = await FeedClient.open(world.url, '/v1/db/main/changes?since=0', { headers });
    log.commit('some value');
    await client.until('the commit', () => client.ids.length === 1);
    client.close();
    const [read] = reads();
    expect(read).toMatchObject({ requests: 0, readUnits: 0 });
    expect(read?.egressBytes).toBeGreaterThan('some value'.length);
  });
});
