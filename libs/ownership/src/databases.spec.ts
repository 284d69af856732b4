import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { decodeSessionRecord } from '@leasehold/lease';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);
/** Longer than any settlement goes on by itself. */
const SETTLEMENT_MS = 31_000;

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

/** What became of a promise, as a word. */
function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

async function sessionState(worker: TestWorker): Promise<string> {
  const record = await workers.bucket.get(bucketLayout.session(worker.session.id));
  if (record === undefined || record === 'not-modified') return 'absent';
  return decodeSessionRecord(record.body).state;
}

describe('releasing a database', () => {
  it('leaves no owner and everything in the head (H4); the next claim goes on without a gap', async () => {
    for (let i = 1; i <= 3; i++) await workers.settle(a.put(DATABASE, `k${i}`, `v${i}`));
    await workers.settle(a.release(DATABASE));
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ owner: undefined, epoch: 1, lastCommit: { epoch: 1, sequence: 3 } });
    expect(await workers.settle(b.put(DATABASE, 'k4', 'v4'))).toEqual({ epoch: 2, sequence: 4 });
    expect(await b.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4' });
  });

  it('waits for writes that are in flight, and applies those that come meanwhile once, at the next epoch', async () => {
    await workers.settle(a.put(DATABASE, 'first', '0'));
    a.line.trouble('hold', 'log/');
    const early = Array.from({ length: 10 }, (_, i) => a.put(DATABASE, `early${i}`, 'x'));
    await workers.clock.advance(1);
    const release = a.release(DATABASE);
    const late = Array.from({ length: 10 }, (_, i) => a.put(DATABASE, `late${i}`, 'x'));
    await workers.clock.advance(1_000);
    expect((await workers.headOf(DATABASE)).head.owner).toBe(a.session.id);
    a.line.mend();
    const versions = await workers.settle(Promise.all([...early, ...late]));
    await workers.settle(release);
    expect(new Set(versions.map(({ sequence }) => sequence))).toEqual(
      new Set(Array.from({ length: 20 }, (_, i) => i + 2)),
    );
    expect(versions.slice(0, 10).every(({ epoch }) => epoch === 1)).toBe(true);
    expect(versions.slice(10).every(({ epoch }) => epoch === 2)).toBe(true);
    expect(Object.keys(await a.list(DATABASE))).toHaveLength(21);
  });

  it('waits for a write that still reads for its condition, and contains it', async () => {
    const large = 'x'.repeat(40 * 1024);
    await workers.settle(a.put(DATABASE, 'k1', large));
    await workers.settle(a.put(DATABASE, 'k2', large));
    await workers.settle(a.release(DATABASE));
    await workers.settle(b.put(DATABASE, 'k3', 'v'));
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const write = b.put(DATABASE, 'k1', 'new', { kind: 'present' });
    await workers.clock.advance(1);
    const release = b.release(DATABASE);
    await workers.clock.advance(1_000);
    b.line.mend();
    expect(await workers.settle(write)).toEqual({ epoch: 2, sequence: 4 });
    await workers.settle(release);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: undefined, lastCommit: { sequence: 4 } });
    expect(await workers.settle(a.get(DATABASE, 'k1'))).toBe('new');
  });

  it('answers nothing at its epoch once the last head edit is on its way (H4)', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('hold', 'db/', ['put']);
    const release = a.release(DATABASE);
    await workers.clock.advance(1);
    const read = fate(a.get(DATABASE, 'k'));
    const write = a.put(DATABASE, 'k', 'w');
    await workers.clock.advance(1_000);
    expect(await Promise.race([read, 'pending'])).toBe('pending');
    a.line.mend();
    await workers.settle(release);
    expect(await workers.settle(write)).toEqual({ epoch: 2, sequence: 2 });
    expect(await read).toBe('done');
  });

  it('brings along what an earlier flush could not, and what came after it', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    a.line.trouble('cut', 'db/');
    expect(await workers.settle(fate(a.opened(DATABASE).flush()), SETTLEMENT_MS)).toBe('outcome-unknown');
    a.line.mend();
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    await workers.settle(a.release(DATABASE));
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ owner: undefined, lastCommit: { sequence: 2 } });
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2' });
    expect(a.log.laggards()).toEqual([]);
  });
});

describe('settling what a release of unknown outcome has left in the log', () => {
  beforeEach(async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
  });

  async function releaseInVain(): Promise<void> {
    a.line.trouble('cut', 'db/');
    expect(await workers.settle(fate(a.release(DATABASE)), SETTLEMENT_MS)).toBe('outcome-unknown');
    a.line.mend();
    expect(a.log.laggards()).toEqual([DATABASE.databaseId]);
  }

  it('takes the database up again where its head still names this session', async () => {
    await releaseInVain();
    await workers.settle(a.access.databases.settle(DATABASE.databaseId));
    expect(a.log.laggards()).toEqual([]);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ epoch: 2, lastCommit: { sequence: 1 } });
  });

  it('forgets the commits where the release had arrived', async () => {
    a.line.trouble('lose', 'db/', ['put']);
    const release = fate(a.release(DATABASE));
    await workers.clock.advance(1);
    a.line.trouble('cut', 'db/', ['get']);
    expect(await workers.settle(release, SETTLEMENT_MS)).toBe('outcome-unknown');
    a.line.mend();
    await workers.settle(a.access.databases.settle(DATABASE.databaseId));
    expect(a.log.laggards()).toEqual([]);
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(false);
  });

  it('keeps the commits of a quarantined one in the log, and asks no more', async () => {
    await releaseInVain();
    const base = await workers.headOf(DATABASE);
    await workers.heads.swap(base, { ...base.head, quarantined: true });
    await workers.settle(a.maintenance.run());
    expect(a.log.laggards()).toEqual([DATABASE.databaseId]);
    a.line.forget();
    await workers.settle(a.maintenance.run());
    expect(a.line.count('get')).toBe(0);
    await expect(workers.settle(a.drain())).rejects.toMatchObject({ name: 'UnsettledDrainError' });
  });

  it('never makes a second handle beside the one that a request is opening', async () => {
    await releaseInVain();
    a.told.length = 0;
    a.line.trouble('hold-answer', 'db/', ['get']);
    const settling = a.access.databases.settle(DATABASE.databaseId);
    await workers.clock.advance(1);
    const writes = [a.put(DATABASE, 'k2', 'v2'), a.put(DATABASE, 'k3', 'v3')];
    await workers.clock.advance(1);
    a.line.mend();
    const versions = await workers.settle(Promise.all(writes));
    await workers.settle(settling);
    expect(versions).toEqual([
      { epoch: 2, sequence: 2 },
      { epoch: 2, sequence: 3 },
    ]);
    expect(a.told).toEqual([`claimed ${DATABASE.databaseId}`]);
    await workers.settle(a.release(DATABASE));
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3' });
  });
});

describe('draining (S6)', () => {
  it('lets others claim at once, with everything', async () => {
    const other = databaseNamed(2);
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.put(other, 'k', 'v'));
    await workers.settle(a.release(other));
    await workers.settle(a.drain());
    expect(await sessionState(a)).toBe('clean');
    await workers.clock.advance(1_000);
    expect(await workers.settle(b.put(DATABASE, 'k2', 'v2'), 10)).toEqual({ epoch: 2, sequence: 2 });
    expect(await b.list(DATABASE)).toEqual({ k: 'v', k2: 'v2' });
    expect(await workers.settle(b.get(other, 'k'), 10)).toBe('v');
  });

  it('spends one put on a dirty database and none on a clean one', async () => {
    await workers.settle(a.open(databaseNamed(1)));
    await workers.settle(a.put(databaseNamed(1), 'k', 'v'));
    await workers.settle(a.put(databaseNamed(2), 'k', 'v'));
    await workers.settle(a.opened(databaseNamed(2)).flush());
    a.line.forget();
    await workers.settle(a.drain());
    expect(a.line.count('put', 'db/')).toBe(1);
    expect(a.line.count('get')).toBe(0);
    expect(a.line.count('put', 'workers/')).toBe(1);
  });

  it('acknowledges what it has taken and refuses what comes after as not applied', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('hold', 'log/');
    const taken = Array.from({ length: 5 }, (_, i) => a.put(DATABASE, `taken${i}`, 'x'));
    await workers.clock.advance(1);
    const drained = a.drain();
    await workers.clock.advance(1);
    expect(await fate(a.put(DATABASE, 'late', 'x'))).toBe('service-draining');
    expect(await fate(a.get(DATABASE, 'k'))).toBe('service-draining');
    a.line.mend();
    await workers.settle(Promise.all(taken));
    await workers.settle(drained);
    expect(a.session.serving()).toBe(false);
    await workers.clock.advance(1_000);
    const found = await workers.settle(b.list(DATABASE));
    expect(Object.keys(found)).toEqual(['k', 'taken0', 'taken1', 'taken2', 'taken3', 'taken4']);
  });

  it('waits for a claim that is under way, and uses it no more', async () => {
    a.line.trouble('hold', 'db/', ['put']);
    const claim = fate(a.open(DATABASE));
    await workers.clock.advance(1);
    const drained = a.drain();
    const end = fate(drained);
    await workers.clock.advance(1);
    expect(await Promise.race([claim, 'pending'])).toBe('service-draining');
    expect(await Promise.race([end, 'pending'])).toBe('pending');
    a.line.mend();
    await workers.settle(drained);
    await workers.clock.advance(1_000);
    expect(await workers.settle(b.put(DATABASE, 'k', 'w'))).toEqual({ epoch: 2, sequence: 1 });
  });

  it('settles what an unclear release has left in the log before it calls itself clean', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'db/');
    expect(await workers.settle(fate(a.release(DATABASE)), SETTLEMENT_MS)).toBe('outcome-unknown');
    a.line.mend();
    await workers.settle(a.drain());
    expect(await sessionState(a)).toBe('clean');
    await workers.clock.advance(1_000);
    expect(await workers.settle(b.get(DATABASE, 'k'), 10)).toBe('v');
  });

  it('does not call itself clean while a head lacks what the log holds, so that others recover it', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'db/');
    await expect(workers.settle(a.drain(), 3 * SETTLEMENT_MS)).rejects.toMatchObject({ name: 'UnsettledDrainError' });
    expect(await sessionState(a)).toBe('live');
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('v');
  });

  it('tries a flush of unknown outcome once more', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'db/');
    const drained = a.drain();
    await workers.clock.advance(29_900);
    a.line.mend();
    await workers.settle(drained);
    expect(await sessionState(a)).toBe('clean');
    await workers.clock.advance(1_000);
    expect(await workers.settle(b.get(DATABASE, 'k'), 10)).toBe('v');
  });
});

describe('waiting for an owner that the gateway cannot reach', () => {
  it('claims as soon as that session has ended', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.crash();
    const begunMs = workers.clock.monotonic();
    const version = await workers.settle(b.put(DATABASE, 'k', 'w', undefined, patient(a.session.id)));
    expect(version).toEqual({ epoch: 2, sequence: 2 });
    expect(workers.clock.monotonic() - begunMs).toBeLessThanOrEqual(TAKEOVER_MS);
  });

  it('learns at once that it has drained, before the next listing', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.drain());
    expect(b.watch.status(a.session.id)).toBe('live');
    expect(await workers.settle(b.get(DATABASE, 'k', patient(a.session.id)), 10)).toBe('v');
  });

  it('points to another owner than the unreachable one', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const c = await workers.start();
    await expect(
      workers.settle(b.put(DATABASE, 'k', 'w', undefined, patient(c.session.id)), 100),
    ).rejects.toMatchObject({ code: 'misdirected', owner: a.session.id });
  });

  it('says that nothing was applied when the caller has no more time', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const time = new AbortController();
    const write = fate(b.put(DATABASE, 'k', 'w', undefined, { signal: time.signal, waitForOwner: a.session.id }));
    await workers.clock.advance(3_000);
    // A reason of any kind: what the caller is told does not depend on it.
    time.abort('enough');
    expect(await workers.settle(write)).toBe('owner-unavailable');
    expect(await fate(b.put(DATABASE, 'k', 'w', undefined, { signal: time.signal }))).toBe('owner-unavailable');
    expect(await a.get(DATABASE, 'k')).toBe('v');
  });

  it('ends with the drain of the one that waits', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const write = fate(b.put(DATABASE, 'k', 'w', undefined, patient(a.session.id)));
    await workers.clock.advance(1_000);
    const drained = b.drain();
    expect(await workers.settle(write, 10)).toBe('service-draining');
    await workers.settle(drained);
  });
});

describe('a session past its deadline (S1)', () => {
  it('answers 503 until a renewal is confirmed, then serves on', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'workers/', ['put']);
    await workers.clock.advance(5_200);
    expect(await fate(a.get(DATABASE, 'k'))).toBe('session-expired');
    expect(await fate(a.put(DATABASE, 'k', 'w'))).toBe('session-expired');
    expect(await fate(a.put(databaseNamed(2), 'k', 'w'))).toBe('session-expired');
    a.line.mend();
    await workers.clock.advance(1_000);
    expect(await a.get(DATABASE, 'k')).toBe('v');
    expect(await workers.settle(a.put(DATABASE, 'k', 'w'))).toEqual({ epoch: 1, sequence: 2 });
  });

  it('notices that the process stood still before it answers', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    workers.clock.pause(10_000);
    expect(await fate(a.get(DATABASE, 'k'))).toBe('session-expired');
  });
});

describe('the number of open databases', () => {
  it('is bounded: past twice what is meant to be open nothing more is claimed', async () => {
    const small = await workers.start({ maxOpenDatabases: 2 });
    for (let i = 1; i <= 4; i++) await workers.settle(small.put(databaseNamed(i), 'k', 'v'));
    await expect(workers.settle(small.put(databaseNamed(5), 'k', 'v'))).rejects.toMatchObject({ code: 'overloaded' });
    await workers.settle(small.maintenance.run());
    expect(small.access.databases.openCount).toBe(2);
    expect(await workers.settle(small.put(databaseNamed(5), 'k', 'v'))).toEqual({ epoch: 1, sequence: 1 });
  });
});
