import type { PhaseTimes } from '@leasehold/foundation';
import { sumOf } from '@leasehold/foundation';
import { HOP_PHASES_HEADER, parseServerTiming } from '@leasehold/protocol';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Behaviour, FakeWorker } from '../testing/fake-worker.js';
import { answerJson, answerProblem, misdirect } from '../testing/fake-worker.js';
import type { Answer } from '../testing/gateway-world.js';
import { GatewayWorld } from '../testing/gateway-world.js';

const KEY = '/v1/db/main/keys/k';
/** Between the begin of the one watch and that of the other. */
const SLACK_MS = 5;

let world: GatewayWorld;
let worker: FakeWorker;

beforeEach(async () => {
  world = await new GatewayWorld().start();
  worker = await world.addWorker();
});

afterEach(() => world.stop());

/** Answers after a while, of which it accounts for what the header says. */
function slowly(ms: number, phases: string, answer: Behaviour = answerEmpty): Behaviour {
  return async (hop, response) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    response.setHeader(HOP_PHASES_HEADER, phases);
    return answer(hop, response);
  };
}

const answerEmpty: Behaviour = (_hop, response) => answerJson(response, 200, {});

interface Timing {
  readonly times: Partial<PhaseTimes>;
  readonly total: number;
}

/** What the answer says of its time: phases that add up to their total. */
function timingOf({ headers }: Answer): Timing {
  const text = String(headers['server-timing']);
  const total = Number(/total;dur=([\d.]+)$/.exec(text)?.[1]);
  const times = parseServerTiming(text);
  expect(Math.abs(total - sumOf(times))).toBeLessThan(SLACK_MS);
  return { times, total };
}

describe('the Server-Timing of the gateway', () => {
  it('adds to what the worker tells what it took to get there', async () => {
    worker.behaviour = slowly(60, 'net;dur=0.2, open;dur=20.5, put;dur=30, other;dur=0.5, total;dur=51.2');
    const answer = await world.call('GET', KEY);
    expect(answer.headers).not.toHaveProperty(HOP_PHASES_HEADER);
    const { times, total } = timingOf(answer);
    expect(total).toBeGreaterThan(59);
    expect(times).toMatchObject({ auth: expect.any(Number), open: 20.5, put: 30 });
    // What the worker does not account for.
    expect(times.net).toBeGreaterThan(8);
    expect(times.route ?? 0).toBeLessThan(40);
  });

  it('counts as routing what it took to find the worker', async () => {
    const owner = await world.addWorker();
    worker.behaviour = slowly(50, 'open;dur=49.9, total;dur=49.9', misdirect(owner.id));
    owner.behaviour = slowly(50, 'open;dur=49.9, total;dur=49.9', misdirect(worker.id));
    const { status, headers } = await world.call('GET', KEY);
    expect(status).toBe(503);
    expect(String(headers['server-timing'])).toMatch(/route;dur=\d{3}/);
    expect(String(headers['server-timing'])).not.toContain('open');
  });

  it('never tells of more time than there was, whatever a worker says', async () => {
    worker.behaviour = slowly(5, 'read;dur=90000, total;dur=90000');
    const { total, times } = timingOf(await world.call('GET', KEY));
    expect(total).toBeLessThan(5_000);
    expect(times.read).toBeLessThan(total);
  });

  it.each<[string, number, () => Promise<Answer>]>([
    ['that is not authenticated', 401, () => world.call('GET', KEY, { key: '' })],
    ['to a database that is not there', 404, () => world.call('GET', '/v1/db/other/keys/k')],
    ['without a route', 404, () => world.call('GET', '/v2/nothing')],
    ['for a key that is not there', 404, () => refusedBy('key-not-found')],
    ['whose condition fails', 412, () => refusedBy('precondition-failed')],
    ['that nobody serves in time', 503, () => refusedBy('owner-unavailable')],
  ])('comes with the refusal of a request %s', async (_what, status, call) => {
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(timingOf(answer).total).toBeGreaterThan(0);
  });

  it('leaves the health of the gateway alone', async () => {
    expect((await world.call('GET', '/healthz')).headers).not.toHaveProperty('server-timing');
  });

  it('is counted by phase', async () => {
    worker.behaviour = slowly(20, 'read;dur=19, total;dur=19');
    await world.call('GET', KEY);
    const metrics = (await world.call('GET', '/metrics')).body.toString();
    expect(metrics).toMatch(/leasehold_request_phase_seconds_count\{[^}]*phase="read"[^}]*\} 1/);
    expect(metrics).toMatch(/leasehold_request_phase_seconds_bucket\{le="0.025"[^}]*phase="read"[^}]*\} 1/);
    expect(metrics).not.toMatch(/phase="put"/);
  });
});

function refusedBy(code: Parameters<typeof answerProblem>[1]): Promise<Answer> {
  worker.behaviour = (_hop, response) => answerProblem(response, code);
  return world.call('GET', KEY);
}
