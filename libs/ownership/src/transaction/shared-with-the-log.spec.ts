import type { Append } from '@leasehold/commit-log';
import { utf8 } from '@leasehold/foundation';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { TestWorker } from '../../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../../testing/test-workers.js';

const DATABASE = databaseNamed(1);
/** Five folds of the log, the fourth of which merges. */
const WRITES = 1_000;
const KEYS = 40;

let workers: TestWorkers;

beforeEach(() => {
  workers = new TestWorkers();
});

afterEach(() => workers.stop());

function appendsOf({ log }: TestWorker): Append[] {
  const appends: Append[] = [];
  const accepts = log.appendFor.bind(log);
  log.appendFor = (listener, append) => {
    appends.push(append);
    accepts(listener, append);
  };
  return appends;
}

const put = (n: number) => ({ op: 'put', key: utf8(`k${n % KEYS}`), value: utf8(`${n}.`.repeat(30)) }) as const;

describe('memory that a memtable shares with the log', () => {
  it('is of single puts of a database that has much, and is of its memtable', async () => {
    const a = await workers.start();
    const appends = appendsOf(a);
    await workers.settle(a.transact(DATABASE, { ops: [put(0)] }));
    expect(appends.filter(({ isShared }) => isShared)).toEqual([]);
    for (let n = 1; n < 100; n++) await workers.settle(a.transact(DATABASE, { ops: [put(n)] }));
    await workers.settle(a.transact(DATABASE, { ops: [put(1), put(2)] }));
    expect(appends.at(-2)?.isShared).toBe(true);
    expect(appends.at(-1)?.isShared).toBe(false);
    for (const { isShared, payload } of appends) {
      // Else what the log keeps would be in nobody's budget.
      expect(isShared).toBe(payload.buffer.byteLength > payload.byteLength);
    }
  });

  it('is what rollups are made of, also merged ones, and what the next owner has of them is whole', async () => {
    const a = await workers.start();
    const rollupsRead: string[] = [];
    const { bucket } = workers;
    const get = bucket.get.bind(bucket);
    bucket.get = (key, options) => {
      if (key.includes('/rollup/')) rollupsRead.push(key);
      return get(key, options);
    };
    const expected: Record<string, string> = {};
    for (let n = 0; n < WRITES; n++) {
      await workers.settle(a.transact(DATABASE, { ops: [put(n)] }));
      expected[`k${n % KEYS}`] = `${n}.`.repeat(30);
    }
    expect(a.log.rollups()).toBeGreaterThan(0);
    expect(a.log.rollups()).toBeLessThan(Math.floor(WRITES / 200));
    a.crash();
    const readByOwner = rollupsRead.length;
    const b = await workers.start();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(b.list(DATABASE, patient()))).toEqual(expected);
    expect(rollupsRead.length).toBeGreaterThan(readByOwner);
  });

  it("is said to be the log's own where a database is given up with commits that no head contains, and only there", async () => {
    const a = await workers.start();
    const other = databaseNamed(2);
    const unshared = jest.spyOn(a.log, 'unshared');
    for (let n = 0; n <= KEYS; n++) {
      await workers.settle(a.transact(DATABASE, { ops: [put(n)] }));
      await workers.settle(a.transact(other, { ops: [put(n)] }));
    }
    await workers.settle(a.release(other));
    expect(unshared).not.toHaveBeenCalled();
    const base = await workers.headOf(DATABASE);
    await workers.heads.swap(base, { ...base.head, quarantined: true });
    await expect(workers.settle(a.release(DATABASE))).rejects.toMatchObject({ name: 'FencedError' });
    expect(unshared.mock.calls).toEqual([[DATABASE.databaseId]]);
    expect(await workers.settle(a.log.ownTail(DATABASE.databaseId, 1, 1))).toHaveLength(KEYS);
  });
});
