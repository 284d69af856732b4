import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

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

describe('maintenance', () => {
  it('gives a database up once it was idle for long enough, not before', async () => {
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

  it('gives the least recently used up when too many are open', async () => {
    a = await workers.start({ maxOpenDatabases: 3 });
    for (let i = 1; i <= 5; i++) {
      await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
      await workers.clock.advance(10);
    }
    await a.get(databaseNamed(1), 'k');
    await workers.settle(a.maintenance.run());
    const open = a.access.databases.open().map(({ id }) => id);
    expect(open.sort()).toEqual([1, 4, 5].map((i) => databaseNamed(i).databaseId));
  });

  it('flushes those that hold the log back, the oldest first, when bytes or segments pile up (L4)', async () => {
    a = await workers.start({ maxLooseSegments: 8 });
    await workers.settle(a.put(databaseNamed(1), 'k', 'v'));
    await workers.settle(a.maintenance.run());
    expect(a.log.laggards()).toHaveLength(1);
    for (let i = 0; i < 6; i++) await workers.settle(a.put(databaseNamed(2), `k${i}`, 'v'));
    await workers.settle(a.maintenance.run());
    expect(a.log.laggards()).toEqual([]);
    expect((await workers.headOf(databaseNamed(1))).head.lastCommit.sequence).toBe(1);
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

  it('settles what a release of unknown outcome has left, once the log is pressed', async () => {
    a = await workers.start({ maxLooseSegments: 1 });
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'db/');
    await workers.settle(a.release(DATABASE).catch(() => undefined));
    a.line.mend();
    await workers.settle(a.maintenance.run());
    expect(a.log.laggards()).toEqual([]);
    expect(a.failures).toEqual([]);
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
    expect(a.access.databases.openCount).toBe(12);
    a.line.forget();
    await workers.clock.advance(60_000);
    expect(a.line.count('put', 'db/')).toBe(0);
  });
});
