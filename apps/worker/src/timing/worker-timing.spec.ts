import { sumOf } from '@leasehold/foundation';
import { HOP_PHASES_HEADER, parseServerTiming } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AskedDatabase, WorkerWorld } from '../../testing/worker-world.js';

const ANSWER_MS = 60;
/** Timers count from the beginning of a turn of the event loop, which the first request of a process makes a long one. */
const ALMOST_MS = ANSWER_MS / 2;
/** Between the begin of the one watch and that of the other. */
const SLACK_MS = 5;

const world = new WorkerWorld();
let worker: RunningService;

beforeAll(async () => {
  const bucket = await world.serveBucket();
  worker = await world.start(bucket);
  bucket.setLatency({ profile: { fixedMs: ANSWER_MS }, seed: 1 });
});

afterAll(() => world.close());

function timesOf(answer: Response) {
  const text = answer.headers.get(HOP_PHASES_HEADER) ?? '';
  const times = parseServerTiming(text);
  const total = Number(/total;dur=([\d.]+)$/.exec(text)?.[1]);
  expect(Math.abs(total - sumOf(times))).toBeLessThan(SLACK_MS);
  return times;
}

describe('what a worker tells of its time', () => {
  it('is the read of a head for a cold read, and nothing of the kind for a warm one', async () => {
    const database = new AskedDatabase();
    const cold = timesOf(await database.key('k', worker));
    expect(cold.head).toBeGreaterThan(ALMOST_MS);
    expect(cold).not.toHaveProperty('open');
    await database.put('k', 'v', worker);
    await database.key('k', worker);
    const warm = timesOf(await database.key('k', worker));
    expect(warm).not.toHaveProperty('read');
    expect(warm).not.toHaveProperty('open');
  });

  it('is what opens and what acknowledges for a cold write', async () => {
    const { open, put, read } = timesOf(await new AskedDatabase().put('k', 'v', worker));
    expect(open).toBeGreaterThan(ALMOST_MS);
    expect(put).toBeGreaterThan(ALMOST_MS);
    expect(read).toBeUndefined();
  });

  it('comes with refusals', async () => {
    const database = new AskedDatabase();
    await database.put('k', 'v', worker);
    const refused = await database.put('k', 'w', worker, { 'if-none-match': '*' });
    expect(refused.status).toBe(412);
    expect(refused.headers.has(HOP_PHASES_HEADER)).toBe(true);
    const unsigned = await database.key('k', worker, { hop: null });
    expect(unsigned.status).toBe(401);
    expect(unsigned.headers.has(HOP_PHASES_HEADER)).toBe(true);
  });

  it('is counted by phase', async () => {
    const metrics = await (await world.look(worker, '/metrics')).text();
    expect(metrics).toMatch(/leasehold_request_phase_seconds_count\{[^}]*phase="open"[^}]*\} [1-9]/);
  });
});
