import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { emptyHead } from '@leasehold/engine';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);
const HOUR_MS = 3_600_000;
const LARGE = 'x'.repeat(40 * 1024);

let workers: TestWorkers;
let a: TestWorker;
let b: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  b = await workers.start();
  await workers.clock.advance(1_000);
});

afterEach(() => workers.stop());

/** What a worker asked of the bucket while `work` went on, sessions' records left out. */
async function requestsOf(worker: TestWorker, work: () => Promise<unknown>): Promise<string[]> {
  worker.line.forget();
  await workers.settle(work(), HOUR_MS);
  return worker.line.requests
    .filter(({ key }) => !key.startsWith('workers/'))
    .map(({ verb, key }) => `${verb} ${key.split('/')[0]}`);
}

async function released(entries: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(entries)) await workers.settle(a.put(DATABASE, key, value));
  await workers.settle(a.release(DATABASE));
}

describe('what an operation costs', () => {
  it('reads and lists an open database without a request', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    expect(await requestsOf(a, () => a.get(DATABASE, 'k'))).toEqual([]);
    expect(await requestsOf(a, () => a.get(DATABASE, 'absent'))).toEqual([]);
    expect(await requestsOf(a, () => a.list(DATABASE))).toEqual([]);
  });

  it('writes an open database with one put', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    expect(await requestsOf(a, () => a.put(DATABASE, 'k', 'w'))).toEqual(['put log']);
  });

  it('writes many open databases with few puts', async () => {
    for (let i = 1; i <= 50; i++) await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
    const all = () => Promise.all(Array.from({ length: 50 }, (_, i) => a.put(databaseNamed(i + 1), 'k', 'w')));
    expect((await requestsOf(a, all)).length).toBeLessThanOrEqual(2);
  });

  it('asks nothing for an idle open database for an hour', async () => {
    a = await workers.start({ idleReleaseMs: 2 * HOUR_MS });
    a.maintenance.start();
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.clock.advance(1_000);
    expect(await requestsOf(a, () => workers.clock.sleep(HOUR_MS))).toEqual([]);
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(true);
  });

  it('reads a small database that nobody owns with one request, and one that does not exist too', async () => {
    await released({ k: 'v' });
    expect(await requestsOf(b, () => b.get(DATABASE, 'k'))).toEqual(['get db']);
    expect(await requestsOf(b, () => b.list(DATABASE))).toEqual(['get db']);
    expect(await requestsOf(b, () => b.get(databaseNamed(9), 'k'))).toEqual(['get db']);
  });

  it('reads a larger one with three requests', async () => {
    await released({ k1: LARGE, k2: LARGE });
    expect(await requestsOf(b, () => b.get(DATABASE, 'k2'))).toEqual(['get db', 'get db', 'get db']);
  });

  it('writes a small database that nobody owns with two requests, claim included, and gives up with one', async () => {
    await released({ k: 'v' });
    expect(await requestsOf(b, () => b.put(DATABASE, 'k', 'w'))).toEqual(['get db', 'put db']);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: b.session.id, lastCommit: { epoch: 2 } });
    expect(await requestsOf(b, () => b.put(databaseNamed(9), 'k', 'w'))).toEqual(['get db', 'put db']);
    expect(await requestsOf(b, () => b.release(DATABASE))).toEqual(['put db']);
  });
});

describe('reading without a lease (R1)', () => {
  it('finds nothing in a database that was never written to, and creates nothing', async () => {
    expect(await a.get(DATABASE, 'k')).toBeUndefined();
    expect(await a.list(DATABASE)).toEqual({});
    expect(await a.access.state(DATABASE, patient())).toEqual({
      head: undefined,
      version: undefined,
      memtableBytes: 0,
      owned: false,
    });
    expect((await workers.bucket.list('db/')).objects).toEqual([]);
  });

  it('sees what was acknowledged before it began, whoever owned the database since', async () => {
    await released({ k: 'v1' });
    expect(await b.get(DATABASE, 'k')).toBe('v1');
    await workers.settle(a.put(DATABASE, 'k', 'v2'));
    await expect(workers.settle(b.get(DATABASE, 'k'))).rejects.toMatchObject({ code: 'misdirected' });
    await workers.settle(a.release(DATABASE));
    expect(await b.get(DATABASE, 'k')).toBe('v2');
  });

  it('never joins a read of the head that was sent before it arrived', async () => {
    await released({ k: 'v1' });
    b.line.trouble('hold-answer', 'db/', ['get']);
    const early = b.get(DATABASE, 'k');
    await workers.clock.advance(1);
    b.line.letPass();
    await workers.settle(a.put(DATABASE, 'k', 'v2'));
    await workers.settle(a.release(DATABASE));
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('v2');
    b.line.mend();
    expect(await workers.settle(early)).toBe('v1');
  });

  it('claims the database with the 25th read inside the idle time, and serves it from memory then', async () => {
    await released({ k: 'v' });
    for (let i = 1; i < 25; i++) {
      expect(await b.get(DATABASE, 'k')).toBe('v');
      await workers.clock.advance(2_000);
    }
    expect(b.access.databases.openCount).toBe(0);
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('v');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: b.session.id, epoch: 2 });
    expect(await requestsOf(b, () => b.get(DATABASE, 'k'))).toEqual([]);
  });

  it('does not claim for reads that come seldom, or of a database that does not exist', async () => {
    await released({ k: 'v' });
    b = await workers.start({ idleReleaseMs: 60_000 });
    for (let i = 0; i < 60; i++) {
      await b.get(DATABASE, 'k');
      await b.get(databaseNamed(9), 'k');
      await workers.clock.advance(3_000);
    }
    expect(b.told).toEqual([]);
  });

  it('recovers what an ended owner has left before it answers', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('v');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: b.session.id, epoch: 2 });
  });

  it('answers that it could not read in time', async () => {
    await released({ k: 'v' });
    b.line.trouble('hold', 'db/');
    const time = new AbortController();
    const read = b.get(DATABASE, 'k', { signal: time.signal });
    await workers.clock.advance(10);
    time.abort();
    await expect(read).rejects.toMatchObject({ code: 'owner-unavailable' });
  });

  it('answers 503 while the bucket cannot be read', async () => {
    b.line.trouble('cut', 'db/');
    await expect(workers.settle(b.get(DATABASE, 'k'))).rejects.toMatchObject({
      code: 'store-unavailable',
      kind: 'unavailable',
    });
  });

  it('tells what it serves: owned, cold, or elsewhere', async () => {
    await released({ k1: 'v', k2: 'v' });
    expect(await b.access.state(DATABASE, patient())).toMatchObject({
      owned: false,
      version: { epoch: 1, sequence: 2 },
      head: { statistics: { entries: 2 } },
    });
    await workers.settle(a.put(DATABASE, 'k3', 'v'));
    expect(await a.access.state(DATABASE, patient())).toMatchObject({
      owned: true,
      version: { epoch: 2, sequence: 3 },
    });
    await expect(workers.settle(b.access.state(DATABASE, patient()))).rejects.toMatchObject({ code: 'misdirected' });
  });

  it('refuses a quarantined database', async () => {
    const head = { ...emptyHead(DATABASE), epoch: 1, quarantined: true };
    await workers.heads.create(head);
    const answers: Promise<unknown>[] = [b.get(DATABASE, 'k'), b.list(DATABASE), b.put(DATABASE, 'k', 'v')];
    for (const answer of answers) {
      await expect(workers.settle(answer)).rejects.toMatchObject({ code: 'corrupt-object' });
    }
  });
});
