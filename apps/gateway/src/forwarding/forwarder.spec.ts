import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DatabaseId, SessionId, TenantId } from '@leasehold/foundation';
import { systemClock } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { GatewayMetrics } from '../gateway-metrics.js';
import { FakeSessions } from '../testing/fake-sessions.js';
import { answerProblem, FakeWorker, INTERNAL_SECRET, loseReply } from '../testing/fake-worker.js';
import { presenceOf } from './client-presence.js';
import { Forwarder } from './forwarder.js';
import type { ForwarderSettings } from './forwarder.js';
import type { WorkerConnection } from './worker-connection.js';
import { WorkerFleet } from './worker-fleet.js';

const DATABASE = {
  id: '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as DatabaseId,
  name: 'main',
  tenantId: 'tenant-a' as TenantId,
};
const PAGE_BYTES = 1_000;
const OVERLOADED = { code: 'overloaded', retryAfterMs: 1_000 };

describe('the bounds of forwarding', () => {
  let worker: FakeWorker;
  let sessions: FakeSessions;
  let fleet: WorkerFleet;
  let release: () => void;

  beforeEach(async () => {
    sessions = new FakeSessions();
    fleet = new WorkerFleet(sessions);
    worker = await FakeWorker.start('01arz3ndektsv4rrffq69g5fav' as SessionId);
    sessions.add(worker.id, worker.endpoint);
    const released = new Promise<void>((resolve) => (release = resolve));
    worker.behaviour = async ({ method }, response) => {
      if (method === 'PUT') await released;
      const body = Buffer.alloc(PAGE_BYTES);
      response.writeHead(200, { 'content-length': body.byteLength }).end(body);
    };
  });
  afterEach(async () => {
    await fleet.close();
    await worker.stop();
  });

  const forwarder = (more: Partial<ForwarderSettings>) =>
    new Forwarder(fleet, systemClock, new GatewayMetrics(), { secret: INTERNAL_SECRET, holdMs: 2_000, ...more });
  const request = (method: 'GET' | 'PUT', signal = new AbortController().signal) => ({
    method,
    database: DATABASE,
    resource: 'keys64/YQ',
    headers: {},
    body: method === 'PUT' ? Buffer.from('v') : undefined,
    requestId: 'r',
    client: presenceOf(signal),
  });

  it('refuse a request beyond those with workers, until one of them ends', async () => {
    const forwarding = forwarder({ maxForwarded: 1 });
    const first = forwarding.forward(request('PUT'));
    await expect(forwarding.forward(request('GET'))).rejects.toMatchObject(OVERLOADED);
    release();
    await first;
    expect((await forwarding.forward(request('GET'))).status).toBe(200);
  });

  it('refuse to hold more requests than may wait', async () => {
    sessions.end(worker.id);
    const forwarding = forwarder({ maxHeld: 1, holdMs: 300 });
    const held = forwarding.forward(request('GET'));
    await expect(forwarding.forward(request('GET'))).rejects.toMatchObject(OVERLOADED);
    await expect(held).rejects.toMatchObject({ code: 'owner-unavailable' });
  });

  it('refuse to read an answer while others fill the memory, until their clients have taken them', async () => {
    const forwarding = forwarder({ maxAnswersBytes: 2 * PAGE_BYTES });
    const taking = new AbortController();
    for (let i = 0; i < 2; i++) {
      expect((await forwarding.forward(request('GET', taking.signal))).body.byteLength).toBe(PAGE_BYTES);
    }
    await expect(forwarding.forward(request('GET'))).rejects.toMatchObject(OVERLOADED);
    taking.abort();
    expect((await forwarding.forward(request('GET'))).status).toBe(200);
  });

  it('refuse a tenant whose clients have too much to take still, and nobody else', async () => {
    const forwarding = forwarder({ maxTenantAnswersBytes: PAGE_BYTES });
    const others = { ...DATABASE, tenantId: 'tenant-b' as TenantId };
    await forwarding.forward(request('GET'));
    await expect(forwarding.forward(request('GET'))).rejects.toMatchObject({ code: 'too-many-requests' });
    expect((await forwarding.forward({ ...request('GET'), database: others })).status).toBe(200);
  });

  it('never refuse to tell what a write came to', async () => {
    const forwarding = forwarder({ maxAnswersBytes: 0 });
    release();
    expect((await forwarding.forward(request('PUT'))).status).toBe(200);
  });

  describe('after a lost attempt of a write with an idempotency key', () => {
    const write = () => ({ ...request('PUT'), repetition: 'once' as const });
    beforeEach(() => {
      worker.behaviour = loseReply;
    });

    it('leave its outcome unknown when there is no place to hold it', async () => {
      await expect(forwarder({ maxHeld: 0 }).forward(write())).rejects.toMatchObject({ code: 'outcome-unknown' });
      expect(worker.received).toHaveLength(1);
    });

    it('leave its outcome unknown when the next worker has no place for it', async () => {
      const asking = fleet.connection(worker.id) as WorkerConnection;
      const ask = asking.ask.bind(asking);
      let attempts = 0;
      asking.ask = async (...sent) => {
        if (++attempts > 1) throw new ProblemError('overloaded', 'all places are taken');
        return ask(...sent);
      };
      await expect(forwarder({}).forward(write())).rejects.toMatchObject({ code: 'outcome-unknown' });
      expect(attempts).toBe(2);
    });

    it('still tell what a read was refused for', async () => {
      await expect(forwarder({ maxHeld: 0 }).forward(request('GET'))).rejects.toMatchObject(OVERLOADED);
    });
  });

  it('count only the last of several answers to one request', async () => {
    const forwarding = forwarder({ maxAnswersBytes: PAGE_BYTES });
    let refusals = 0;
    const serve = worker.behaviour;
    worker.behaviour = (hop, response) =>
      ++refusals <= 5 ? answerProblem(response, 'owner-unavailable', {}, 1) : serve(hop, response);
    expect((await forwarding.forward(request('GET'))).status).toBe(200);
  });

  it('keep nothing for a client that is gone already', async () => {
    const forwarding = forwarder({ maxAnswersBytes: PAGE_BYTES });
    const gone = AbortSignal.abort();
    for (let i = 0; i < 3; i++) expect((await forwarding.forward(request('GET', gone))).status).toBe(200);
  });
});
