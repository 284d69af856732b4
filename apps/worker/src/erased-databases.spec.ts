import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eraseDatabase, type EraseReport } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { systemClock, systemRandom } from '@leasehold/foundation';
import { SessionWatch } from '@leasehold/lease';
import type { LocalBucket } from '@leasehold/local-bucket';
import type { RunningService } from '@leasehold/service-kit';

import { AskedDatabase, WorkerWorld } from '../testing/worker-world.js';

const DAY_MS = 86_400_000;
const IDLE_RELEASE_MS = 1_000;

describe('a database that is erased', () => {
  let world: WorkerWorld;
  let bucket: LocalBucket;
  let worker: RunningService;
  let database: AskedDatabase;
  let watch: SessionWatch;

  beforeEach(async () => {
    world = new WorkerWorld();
    bucket = await world.serveBucket();
    worker = await world.start(bucket, { IDLE_RELEASE_MS: String(IDLE_RELEASE_MS) });
    database = new AskedDatabase();
    watch = new SessionWatch({ store: world.store, clock: systemClock, random: systemRandom });
    await watch.start();
  }, 20_000);
  afterEach(async () => {
    watch.stop();
    await world.close();
  }, 20_000);

  const erase = (): Promise<EraseReport> =>
    eraseDatabase({ store: world.store, clock: systemClock, random: systemRandom }, database.id as DatabaseId, {
      isOver: async (owner) => {
        const observed = await watch.refresh(owner);
        return observed === undefined || observed.status === 'clean';
      },
      keepTombstoneMs: DAY_MS,
      storeNow: async () => systemClock.now(),
    });
  const answer = async (asked: Promise<Response>) => {
    const response = await asked;
    const body = (await response.json().catch(() => ({}))) as { code?: string };
    return [response.status, body.code];
  };
  const objects = async () => (await world.store.list(`db/${database.id}/`)).objects.map(({ key }) => key);

  it('is left to the worker that has it, and neither that one nor another brings it back afterwards', async () => {
    expect((await database.put('a', '1', worker)).status).toBe(200);
    expect(await erase()).toMatchObject({ outcome: 'owned' });
    expect((await database.put('a', '2', worker)).status).toBe(200);
    let outcome = 'owned';
    for (const startedAt = performance.now(); outcome === 'owned'; outcome = (await erase()).outcome) {
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      await systemClock.sleep(100);
    }
    expect([outcome, await objects()]).toEqual(['buried', [`db/${database.id}/head`]]);
    const other = await world.start(bucket);
    for (const each of [worker, other]) {
      expect(await answer(database.put('a', '3', each))).toEqual([404, 'database-not-found']);
      expect(await answer(database.key('a', each))).toEqual([404, 'database-not-found']);
      expect(await answer(database.key('a', each, { method: 'DELETE' }))).toEqual([404, 'database-not-found']);
    }
    expect(await world.headOf(database.id)).toMatchObject({ owner: undefined, inline: [], l0: [] });
    expect(await objects()).toEqual([`db/${database.id}/head`]);
  }, 40_000);

  it('is erased once its worker has ended, with all that it had written', async () => {
    await database.put('a', 'x'.repeat(200_000), worker);
    await worker.close();
    expect((await objects()).length).toBeGreaterThan(1);
    expect(await erase()).toMatchObject({ outcome: 'buried' });
    expect(await objects()).toEqual([`db/${database.id}/head`]);
  }, 40_000);
});
