import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { LocalBucket } from '@leasehold/local-bucket';
import { cover, decodeUsageRecord, NOTHING_COVERED, type Coverage } from '@leasehold/metering';
import type { RunningService } from '@leasehold/service-kit';

import { AskedDatabase, waitFor, WorkerWorld } from '../../testing/worker-world.js';

describe('the usage that workers record', () => {
  let world: WorkerWorld;
  let bucket: LocalBucket;
  let worker: RunningService;
  let database: AskedDatabase;

  beforeEach(async () => {
    world = new WorkerWorld();
    bucket = await world.serveBucket();
    worker = await world.start(bucket);
    database = new AskedDatabase();
  }, 20_000);
  afterEach(() => world.close(), 20_000);

  /** As a roll-up counts it. */
  async function recorded() {
    const { objects } = await world.store.list(bucketLayout.usage);
    let coverage: Coverage = NOTHING_COVERED;
    const sizes: number[] = [];
    for (const { key } of objects) {
      const object = await world.store.get(key);
      if (object === undefined || object === 'not-modified') throw new Error('listed, and not there');
      for (const usage of decodeUsageRecord(object.body).databases) {
        expect(usage.database).toBe(database.id);
        sizes.push(...usage.sizes.map(({ bytes }) => bytes));
        for (const interval of usage.writes) {
          const covered = cover(coverage, interval);
          if (covered === 'units-disagree') throw new Error('records contradict each other');
          ({ coverage } = covered);
        }
      }
    }
    return { coverage, sizes };
  }

  async function written(key: string, value: string, by: RunningService, headers = {}): Promise<void> {
    expect((await database.put(key, value, by, headers)).status).toBe(200);
  }

  const upTo = (commits: number, writeUnits: number) => [
    { from: { commits: 0, writeUnits: 0 }, to: expect.objectContaining({ commits, writeUnits }) },
  ];

  it('has what the claim carried and what came behind it, once the worker has drained', async () => {
    await written('first', 'x'.repeat(1_500), worker);
    await written('second', 'y', worker);
    expect((await recorded()).coverage).toEqual([]);
    await worker.close();
    const { coverage, sizes } = await recorded();
    expect(coverage).toMatchObject(upTo(2, 3));
    expect(sizes.at(-1)).toBe((await world.headOf(database.id))?.statistics.liveBytes);
  });

  it('has what is durable also where a drain leaves it to others', async () => {
    await written('first', 'x', worker);
    await written('second', 'y', worker);
    const stored = await world.heads.load(database.id as DatabaseId);
    if (stored === undefined) throw new Error('nothing was written');
    await world.heads.swap(stored, { ...stored.head, quarantined: true });
    await worker.close();
    expect((await recorded()).coverage).toMatchObject(upTo(2, 2));
  });

  it('has what a worker had not recorded that the bucket no longer heard, from whoever took over', async () => {
    const ownBucket = await world.serveBucket();
    const cutOff = await world.start(ownBucket, { SESSION_TTL_MS: '1500' });
    await written('first', 'x', cutOff);
    await written('second', 'y', cutOff);
    const owner = (await world.headOf(database.id))?.owner as SessionId;
    await ownBucket.close();
    await written('third', 'z'.repeat(3_000), worker, waitFor(owner));
    await written('fourth', 'z', worker);
    await worker.close();
    expect((await recorded()).coverage).toMatchObject(upTo(4, 6));
    // So that the other hears of its end.
    await world.serveBucket(ownBucket.port);
    for (let i = 0; i < 200 && world.lost.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(world.lost).toHaveLength(1);
    expect((await recorded()).coverage).toMatchObject(upTo(4, 6));
  }, 20_000);
});
