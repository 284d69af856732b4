import { randomUUID } from 'node:crypto';

import { systemClock } from '@leasehold/foundation';
import {
  HOP_HEADERS,
  HOP_PHASES_HEADER,
  IDEMPOTENCY_HEADER,
  parseServerTiming,
  REPLAYED_HEADER,
  TTL_HEADER,
} from '@leasehold/protocol';
import type { LocalBucket } from '@leasehold/local-bucket';
import { Databases } from '@leasehold/ownership';
import type { RunningService } from '@leasehold/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { FramedAnswer } from '../../testing/framed-gateway.js';
import { FramedGateway } from '../../testing/framed-gateway.js';
import { WorkerWorld } from '../../testing/worker-world.js';
import { KeyFrames } from './key-frames.js';
import { PlainWrites } from './plain-writes.js';

/** Longer than the writes of this test are waited for, and shorter than a session lives. */
const SLOW_MS = 1_500;
/** Of one write, a tenth of a second apart. */
const MAX_ASKS = 100;

const world = new WorkerWorld();
let bucket: LocalBucket;
let worker: RunningService;
let gateway: FramedGateway;
let database: string;

beforeAll(async () => {
  bucket = await world.serveBucket();
  worker = await world.start(bucket);
});
afterAll(() => world.close());
beforeEach(async () => {
  gateway = await FramedGateway.connect(worker.url);
  database = randomUUID();
  await gateway.key('PUT', database, 'first', 'v');
});
afterEach(() => {
  bucket.setLatency(undefined);
  jest.restoreAllMocks();
  gateway.close();
});

/** All of an answer that does not depend on when it was given. */
function whole({ status, headers, body }: FramedAnswer) {
  const { [HOP_PHASES_HEADER]: phases, ...others } = headers;
  const unnumbered = (text: string) => text.replaceAll(/[0-9a-f]{20}/g, 'version');
  return {
    status,
    names: Object.keys(headers),
    others: JSON.parse(unnumbered(JSON.stringify(others))),
    phases: Object.keys(parseServerTiming(String(phases))).filter((phase) => phase !== 'other' && phase !== 'queue'),
    body: unnumbered(body.toString()),
  };
}

function codeOf({ status, body }: FramedAnswer): [number, string] {
  return [status, JSON.parse(body.toString()).code];
}

describe('puts and deletes without conditions', () => {
  it('are answered ahead of the route, and as by it', async () => {
    const take = jest.spyOn(PlainWrites.prototype, 'take');
    // In the order in which they are asked: whether each is.
    const asks = [
      [true, 'PUT', 'k', 'v', {}],
      [true, 'PUT', 'k', '', {}],
      [true, 'PUT', 'long', 'v'.repeat(5_000), {}],
      [true, 'PUT', 'k', 'v', { [TTL_HEADER]: '60' }],
      [
        true,
        'PUT',
        'k',
        'v',
        { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`, [HOP_HEADERS.waitMs]: '4000' },
      ],
      [true, 'DELETE', 'k', '', {}],
      [true, 'DELETE', 'never', '', {}],
      [false, 'PUT', 'k', 'v', { [TTL_HEADER]: 'soon' }],
      [false, 'DELETE', 'k', '', { [TTL_HEADER]: '60' }],
      [false, 'PUT', 'k', 'v', { 'if-match': '*' }],
      [false, 'PUT', 'another', 'v', { 'if-none-match': '1' }],
      [false, 'PUT', 'k', 'v', { [HOP_HEADERS.waitForOwner]: '01arz3ndektsv4rrffq69g5fav' }],
      [false, 'PUT', 'k', 'v', { [HOP_HEADERS.tenant]: 'another-tenant' }],
      [false, 'PUT', 'k', 'v', { [HOP_HEADERS.database]: '%' }],
    ] as const;
    for (const [isPlain, method, key, value, more] of asks) {
      const asked = { 'x-request-id': 'one', ...more } as Record<string, string>;
      const plain = await gateway.key(method, database, key, value, asked);
      expect([method, more, take.mock.results.at(-1)?.value]).toEqual([method, more, isPlain]);
      take.mockReturnValueOnce(false);
      const routed = await gateway.key(method, database, key, value, asked);
      expect(whole(plain)).toEqual(whole(routed));
    }
    take.mockRestore();
    expect((await gateway.key('GET', database, 'long')).body.toString()).toBe('v'.repeat(5_000));
    const metrics = await (await world.look(worker, '/metrics')).text();
    expect(metrics).toMatch(/leasehold_http_requests_total\{method="DELETE",[^}]*status="200"[^}]*\} 6/);
  });

  it('are left to the route where the database is not open', async () => {
    const take = jest.spyOn(PlainWrites.prototype, 'take');
    await gateway.key('PUT', randomUUID(), 'k', 'v');
    expect(take.mock.results.map(({ value }) => value)).toEqual([false]);
  });

  it('are applied once under an idempotency key, whichever way the first or the next one goes', async () => {
    const take = jest.spyOn(PlainWrites.prototype, 'take');
    for (const way of ['ahead', 'by the route']) {
      const asks = [
        ['PUT', 'k', 'v', {}],
        ['PUT', 'k', 'v', { [TTL_HEADER]: '60' }],
        ['DELETE', 'k', '', {}],
      ] as const;
      for (const [n, [method, key, value, more]] of asks.entries()) {
        const headers = { 'x-request-id': 'one', [IDEMPOTENCY_HEADER]: `${way} ${n}`.replaceAll(' ', '-'), ...more };
        const ask = (body: string = value) => gateway.key(method, database, key, body, headers);
        if (way === 'by the route') take.mockReturnValueOnce(false);
        const first = await ask();
        expect([first.status, first.headers[REPLAYED_HEADER]]).toEqual([200, undefined]);
        const again = await ask();
        expect([again.headers[REPLAYED_HEADER], again.headers['leasehold-cost']]).toEqual(['true', 'read=0, write=0']);
        expect(again.headers['etag']).toBe(first.headers['etag']);
        if (method === 'PUT') expect(codeOf(await ask('another'))).toEqual([422, 'idempotency-key-reused']);
      }
    }
    expect(take.mock.results.filter(({ value }) => value === true)).toHaveLength(3);
    const bad = { [IDEMPOTENCY_HEADER]: 'x'.repeat(300) };
    expect(codeOf(await gateway.key('PUT', database, 'k', 'v', bad))).toEqual([400, 'invalid-idempotency-key']);
  });

  it('have versions that grow, whichever way they go', async () => {
    const versions: string[] = [];
    for (let n = 0; n < 20; n++) {
      const headers: Record<string, string> = n % 3 === 0 ? { [IDEMPOTENCY_HEADER]: `key-${n}` } : {};
      const { body } = await gateway.key('PUT', database, 'k', String(n), headers);
      versions.push(JSON.parse(body.toString()).version);
      const read = await gateway.key('GET', database, 'k');
      expect([read.body.toString(), read.headers['etag']]).toEqual([String(n), `"${versions.at(-1)}"`]);
    }
    expect(versions).toEqual([...new Set(versions)].sort());
  });

  it('are all answered, more of them than a turn of the event loop takes', async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `k${n}`);
    // Where the machine does much else too much may wait here: that is an answer as well, and who has it asks again.
    const put = async (key: string): Promise<number> => {
      for (let asks = 0; asks < MAX_ASKS; asks++) {
        const answer = await gateway.key('PUT', database, key, `value of ${key}`);
        if (answer.status !== 503) return answer.status;
        expect(codeOf(answer)).toEqual([503, 'overloaded']);
        await systemClock.sleep(100);
      }
      return 503;
    };
    expect(new Set(await Promise.all(keys.map(put)))).toEqual(new Set([200]));
    const read = await Promise.all(keys.map((key) => gateway.key('GET', database, key)));
    expect(read.map(({ body }) => body.toString())).toEqual(keys.map((key) => `value of ${key}`));
  });

  it('are unknown when they are not durable in time, as by the route', async () => {
    const take = jest.spyOn(PlainWrites.prototype, 'take');
    bucket.setLatency({ profile: { fixedMs: SLOW_MS }, seed: 1 });
    const begunMs = performance.now();
    const asked = { 'x-request-id': 'one', [HOP_HEADERS.waitMs]: '300' };
    const plain = gateway.key('PUT', database, 'k', 'v', asked);
    expect(codeOf(await plain)).toEqual([503, 'outcome-unknown']);
    expect(performance.now() - begunMs).toBeLessThan(SLOW_MS);
    take.mockReturnValueOnce(false);
    const routed = await gateway.key('PUT', database, 'k', 'w', asked);
    expect(whole(await plain)).toEqual(whole(routed));
    expect(take.mock.results.map(({ value }) => value)).toEqual([true, false]);
    bucket.setLatency(undefined);
    // Nobody waited, and yet it was done.
    expect((await gateway.key('GET', database, 'k')).body.toString()).toBe('w');
  });

  it('end their connection where a mistake of ours hides what became of them, and keep no place', async () => {
    jest.spyOn(Databases.prototype, 'writeNow').mockImplementation(() => {
      throw new Error('a mistake');
    });
    const serve = jest.spyOn(KeyFrames.prototype, 'serve');
    gateway.key('PUT', database, 'k', 'v').catch(() => undefined);
    await gateway.ended;
    expect(serve).not.toHaveBeenCalled();
    const metrics = await (await world.look(worker, '/metrics')).text();
    expect(metrics).toMatch(/^leasehold_worker_work_units(\{[^}]*\})? 0$/m);
  });

  it('are acknowledged or refused when they meet a drain', async () => {
    const other = await world.start(await world.serveBucket());
    const asking = await FramedGateway.connect(other.url);
    const own = randomUUID();
    await asking.key('PUT', own, 'first', 'v');
    const under = Array.from({ length: 100 }, (_, n) => asking.key('PUT', own, `k${n}`, 'v'));
    await Promise.race(under);
    const closed = other.close();
    const outcomes = await Promise.all(under);
    await closed;
    for (const outcome of outcomes) {
      if (outcome.status !== 200) expect(codeOf(outcome)).toEqual([503, 'service-draining']);
    }
    const next = await world.start(bucket);
    const reading = await FramedGateway.connect(next.url);
    for (const [n, { status }] of outcomes.entries()) {
      expect([n, (await reading.key('GET', own, `k${n}`)).status]).toEqual([n, status === 200 ? 200 : 404]);
    }
    reading.close();
  });
});
