import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LOOSE_LIMIT_SEGMENTS } from '@leasehold/commit-log';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

/** How far the heads of databases are, which is what was flushed. */
function lastCommits(...numbers: readonly number[]): Promise<number[]> {
  return Promise.all(numbers.map(async (i) => (await workers.headOf(databaseNamed(i))).head.lastCommit.sequence));
}

describe('maintenance', () => {
  it('gives a database up once it was idle for long enough, not before', async () => {
    a = await workers.start({ idleReleaseMs: 60_000 });
    a.maintenance.start();
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.clock.advance(59_000);
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(true);
    await a.get(DATABASE, 'k');
    await workers.clock.advance(59_000);
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(true);
    await workers.clock.advance(3_000);
    expect(a.access.databases.openCount).toBe(0);
    expect(a.told).toContain(`released ${DATABASE.databaseId}`);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: undefined, lastCommit: { sequence: 1 } });
  });

  it('keeps a database that somebody is using', async () => {
    a = await workers.start({ idleReleaseMs: 1_000 });
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('hold', 'log/');
    const write = a.put(DATABASE, 'k', 'w');
    await workers.clock.advance(4_000);
    await workers.settle(a.maintenance.run());
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(true);
    a.line.mend();
    await workers.settle(write);
  });

  it('flushes at once, however small, what the log has only in memory any more (L3)', async () => {
    await workers.settle(Promise.all([1, 2].map((i) => a.put(databaseNamed(i), 'k', 'v'))));
    await workers.settle(Promise.all([1, 2].map((i) => a.put(databaseNamed(i), 'k', 'w'))));
    const [before] = await lastCommits(1);
    a.log.blockers = () => [databaseNamed(2).databaseId];
    await workers.settle(a.maintenance.run());
    expect(await lastCommits(1, 2)).toEqual([before, 2]);
    expect(before).toBe(1);
  });

  it('gives the least recently used up when too many are open', async () => {
    a = await workers.start({ maxOpenDatabases: 3 });
    for (let i = 1; i <= 5; i++) {
      await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
      await workers.clock.advance(10);
    }
    await workers.clock.advance(1_000);
    await a.get(databaseNamed(1), 'k');
    await workers.settle(a.maintenance.run());
    const open = a.access.databases.open().map(({ id }) => id);
    expect(open.sort()).toEqual([1, 4, 5].map((i) => databaseNamed(i).databaseId));
  });

  it('gives up as many as take more memory than there is for them', async () => {
    const large = 'x'.repeat(30_000);
    for (let i = 1; i <= 4; i++) {
      await workers.settle(a.put(databaseNamed(i), 'k', large));
      await workers.settle(a.opened(databaseNamed(i)).flush());
      await workers.settle(a.release(databaseNamed(i)));
    }
    a = await workers.start({ openDatabasesBytes: 80_000 });
    for (let i = 1; i <= 4; i++) await workers.settle(a.put(databaseNamed(i), 'k2', 'v'));
    expect(a.access.databases.openBytes).toBeGreaterThan(120_000);
    await workers.settle(a.maintenance.run());
    expect(a.access.databases.open().map(({ id }) => id)).toEqual([3, 4].map((i) => databaseNamed(i).databaseId));
    expect(a.access.databases.openBytes).toBeLessThan(80_000);
  });

  it('flushes the largest first when bytes pile up, and no more than it must (L4)', async () => {
    a = await workers.start({ maxUnflushedBytes: 40_000 });
    for (let i = 1; i <= 3; i++) await workers.settle(a.open(databaseNamed(i)));
    await workers.settle(a.put(databaseNamed(1), 'k', 'v'));
    await workers.settle(a.put(databaseNamed(2), 'k', 'x'.repeat(9_000)));
    await workers.settle(a.put(databaseNamed(3), 'k', 'x'.repeat(17_000)));
    await workers.settle(a.maintenance.run());
    expect(await lastCommits(1, 2, 3)).toEqual([0, 0, 1]);
    await workers.settle(a.put(databaseNamed(1), 'k', 'w'));
    await workers.settle(a.maintenance.run());
    expect(await lastCommits(1, 2, 3)).toEqual([0, 0, 1]);
  });

  it('does not spend a head put on a slow tenant while the log is nearly empty (L4)', async () => {
    a.maintenance.start();
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.forget();
    for (let i = 0; i < 20; i++) {
      await workers.clock.advance(30_000);
      await workers.settle(a.put(DATABASE, 'k', `v${i}`));
    }
    expect(a.line.count('put', 'db/')).toBe(0);
    expect(a.line.count('put', 'log/')).toBe(20);
  });

  it('leaves a flush that is under way alone, and what came after it in memory', async () => {
    a = await workers.start({ flushBytes: 1_000 });
    await workers.settle(a.put(DATABASE, 'k1', 'v'));
    a.line.trouble('hold', 'db/', ['put']);
    await workers.settle(a.put(DATABASE, 'k2', 'x'.repeat(1_000)));
    await workers.settle(a.put(DATABASE, 'k3', 'v'));
    await workers.settle(a.maintenance.run(), 10);
    a.line.mend();
    await workers.clock.advance(1);
    expect((await workers.headOf(DATABASE)).head.lastCommit.sequence).toBe(2);
    expect(a.opened(DATABASE).unflushedBytes).toBeGreaterThan(0);
  });

  it('counts the memory that small entries take, not only their bytes in the log', async () => {
    a = await workers.start({ maxUnflushedBytes: 40_000 });
    for (let i = 0; i < 70; i++) await workers.settle(a.put(DATABASE, `k${i}`, ''));
    expect(a.log.unflushedBytes()).toBeLessThan(20_000);
    await workers.settle(a.maintenance.run());
    expect(a.opened(DATABASE).unflushedBytes).toBe(0);
  });

  it('flushes whatever lies in the oldest segments when rollups cannot be written (L5)', async () => {
    for (let i = 1; i <= 2; i++) await workers.settle(a.open(databaseNamed(i)));
    a.line.trouble('cut', 'log/', ['get']);
    a.line.trouble('cut', `log/${a.session.id}/rollup/`);
    await workers.settle(a.put(databaseNamed(1), 'k', 'v'));
    const isStuck = () => a.log.looseSegments() >= 0.875 * LOOSE_LIMIT_SEGMENTS;
    while (!isStuck()) await workers.settle(a.put(databaseNamed(2), 'k', 'v'));
    expect(await lastCommits(1, 2)).toEqual([0, 0]);
    await workers.settle(a.maintenance.run());
    expect((await lastCommits(1, 2))[0]).toBe(1);
  });

  it('settles what a release of unknown outcome has left', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'db/');
    await workers.settle(a.release(DATABASE).catch(() => undefined));
    expect([...a.access.databases.unsettled]).toEqual([DATABASE.databaseId]);
    a.line.mend();
    await workers.settle(a.maintenance.run());
    expect(a.log.laggards()).toEqual([]);
    expect([...a.access.databases.unsettled]).toEqual([]);
    expect(a.failures).toEqual([]);
  });

  it('is not held up by a database whose head edit hangs', async () => {
    a = await workers.start({ idleReleaseMs: 5_000 });
    a.maintenance.start();
    await workers.settle(a.put(databaseNamed(1), 'k', 'v'));
    a.line.trouble('hold', `db/${databaseNamed(1).databaseId}`, ['put']);
    await workers.clock.advance(2_000);
    await workers.settle(a.put(databaseNamed(2), 'k', 'v'));
    await workers.clock.advance(7_000);
    expect(a.told).toContain(`released ${databaseNamed(2).databaseId}`);
    expect(a.told).not.toContain(`released ${databaseNamed(1).databaseId}`);
    a.line.mend();
    await workers.clock.advance(1);
    expect(a.told).toContain(`released ${databaseNamed(1).databaseId}`);
  });

  it('goes on with the next as soon as one is done, however many are due', async () => {
    a = await workers.start({ idleReleaseMs: 1_000 });
    for (let i = 1; i <= 100; i++) await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
    await workers.clock.advance(1_001);
    await workers.settle(a.maintenance.run(), 1);
    expect(a.access.databases.openCount).toBe(0);
  });

  it('reports what failed and tries again with the next turn', async () => {
    a = await workers.start({ idleReleaseMs: 1_000 });
    a.maintenance.start();
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'db/');
    await workers.clock.advance(34_000);
    expect(a.failures[0]).toMatchObject({ what: 'release', error: { code: 'outcome-unknown' } });
    a.line.mend();
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    await workers.clock.advance(3_000);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: undefined, lastCommit: { sequence: 2 } });
  });

  it('begins nothing more once it is stopped, and waits for what is under way', async () => {
    a = await workers.start({ idleReleaseMs: 1_000 });
    for (let i = 1; i <= 20; i++) await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
    a.line.trouble('hold', 'db/', ['put']);
    a.maintenance.start();
    await workers.clock.advance(2_000);
    const stopped = a.maintenance.stop();
    await workers.clock.advance(1);
    a.line.mend();
    await workers.settle(stopped);
    expect(a.access.databases.openCount).toBe(4);
    a.line.forget();
    await workers.clock.advance(60_000);
    expect(a.line.count('put', 'db/')).toBe(0);
  });
});
