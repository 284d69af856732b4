import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OPTIONS_AT_FIRST } from '@leasehold/directory';
import { DEFAULT_DATABASE_OPTIONS } from '@leasehold/engine';
import type { LocalBucket } from '@leasehold/local-bucket';
import { formatHopOptions, HOP_HEADERS } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';

import type { Ask } from '../../testing/worker-world.js';
import { AskedDatabase, WorkerWorld } from '../../testing/worker-world.js';

const DAY_MS = 86_400_000;
const VALUE = 'x'.repeat(1_000);

describe('what was decided about a database', () => {
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

  const told = (maxBytes: number, retentionMs = DAY_MS) => ({
    [HOP_HEADERS.options]: formatHopOptions({ retentionMs, maxBytes }),
  });
  const put = async (key: string, headers: Ask['headers'] = {}) => {
    const response = await database.put(key, VALUE, worker, headers);
    return [response.status, ((await response.json()) as { code?: string }).code];
  };
  const FULL = [409, 'database-full'];
  const DONE = [200, undefined];

  it('holds from the first write on, and again as soon as it is told otherwise', async () => {
    expect(await put('a', told(100))).toEqual(FULL);
    expect(await put('a', told(2_500))).toEqual(DONE);
    expect(await put('b', told(2_500))).toEqual(DONE);
    expect(await put('c', told(2_500))).toEqual(FULL);
    expect(await put('c')).toEqual(FULL);
    expect((await database.key('a', worker, { headers: told(0) })).status).toBe(200);
    expect((await database.key('a', worker, { method: 'DELETE', headers: told(0) })).status).toBe(200);
    expect(await put('c', told(0))).toEqual(FULL);
    expect(await put('c', told(10_000_000))).toEqual(DONE);
  });

  it('is in the head with the next flush, and of who opens it next', async () => {
    await put('a', told(1_500, 0));
    await worker.close();
    expect(await world.headOf(database.id)).toMatchObject({ options: { retentionMs: 0, maxBytes: 1_500 } });
    worker = await world.start(bucket);
    expect(await put('b')).toEqual(FULL);
    expect(await put('b', told(5_000, DAY_MS))).toEqual(DONE);
    expect(await put('c', told(6_000, 5_000))).toEqual(DONE);
    await worker.close();
    expect(await world.headOf(database.id)).toMatchObject({ options: { retentionMs: 5_000, maxBytes: 6_000 } });
    worker = await world.start(bucket);
  }, 20_000);

  it('is refused where it is nothing that a gateway says', async () => {
    for (const options of ['', '1', '1,2,3', '-1,2', '1, 2', 'x,1', `${'9'.repeat(16)},1`]) {
      expect(await put('a', { [HOP_HEADERS.options]: options })).toEqual([400, 'invalid-request']);
    }
    expect(await world.headOf(database.id)).toBeUndefined();
  });

  it('is signed like whose it is', async () => {
    const signed = { headers: told(10) };
    const response = await database.put('a', VALUE, worker, told(10));
    expect(response.status).toBe(409);
    const forged = await database.key('a', worker, { method: 'PUT', body: VALUE, headers: told(10_000), signed });
    const stripped = await database.key('a', worker, { method: 'PUT', body: VALUE, signed });
    expect([forged.status, stripped.status]).toEqual([401, 401]);
  });

  it('is what heads have at first, where it was taken back', () => {
    expect(OPTIONS_AT_FIRST).toEqual(DEFAULT_DATABASE_OPTIONS);
  });
});
