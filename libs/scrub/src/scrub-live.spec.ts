import { bucketLayout } from '@leasehold/bucket-layout';
import { closeLog } from '@leasehold/commit-log';
import { collectGarbage, compactDatabase, decodeHead, HeadStore, pinDatabase, unpin } from '@leasehold/engine';
import { seededRandom } from '@leasehold/foundation';
import type { GetOptions, ListOptions, ObjectStore, StoredObject } from '@leasehold/object-store';
import { StoreUnavailableError } from '@leasehold/object-store';
import { afterEach, describe, expect, it } from '@jest/globals';

import { BusyBucket, INLINE, LARGE, LEFT, LOGGED, SMALL, TO_FILE } from '../testing/busy-bucket.js';
import { RETENTION_MS } from '../testing/test-worker.js';
import { scrubBucket } from './scrub-bucket.js';

let bucket: BusyBucket;

afterEach(() => bucket.stop());

/** Before each read something may happen; no change may come from the scrub itself. */
function reading(before: (key: string) => Promise<void>, after: (body: Uint8Array) => Uint8Array = (body) => body) {
  const { memory } = bucket;
  const refuse = (): Promise<never> => Promise.reject(new Error('a scrub changes nothing'));
  const store: ObjectStore = {
    get: async (key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> => {
      await before(key);
      const object = await memory.get(key, options);
      return object === undefined || object === 'not-modified' ? object : { ...object, body: after(object.body) };
    },
    list: async (prefix: string, options?: ListOptions) => {
      await before(prefix);
      return memory.list(prefix, options);
    },
    put: refuse,
    delete: refuse,
  };
  return store;
}

/** Everything that workers, compactors and contenders do to a bucket, in an order drawn from a seed. */
function business(seed: number): { readonly counts: Map<string, number>; readonly step: () => Promise<void> } {
  const random = seededRandom(seed);
  const { worker, ctx, clock, died } = bucket;
  const heads = new HeadStore(ctx);
  let pinned: Awaited<ReturnType<typeof pinDatabase>>;
  const deeds: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['write', () => worker.write(LARGE, [`k${Math.floor(random.fraction() * 20)}`], random.bytes(2_000))],
    ['write', () => worker.write(LOGGED, ['l'], SMALL)],
    ['write', () => worker.write(INLINE, ['i'], SMALL)],
    ['flush', () => worker.flush(LARGE, TO_FILE)],
    ['flush', () => worker.flush(LOGGED)],
    ['compact', () => clock.settle(compactDatabase(ctx, LARGE, { l0Files: 1, targetFileBytes: 20_000 }))],
    ['collect', () => clock.settle(collectGarbage(ctx, LARGE, { minAgeMs: 0 }))],
    ['time', () => clock.advance(20_000)],
    [
      'pin',
      async () => (pinned ??= await clock.settle(pinDatabase(ctx, LARGE, { holder: INLINE, purpose: 'export' }))),
    ],
    [
      'unpin',
      async () => {
        if (pinned !== undefined) await unpin(ctx.store, pinned.pin);
        pinned = undefined;
      },
    ],
    [
      'take over',
      async () => {
        const base = await heads.load(LEFT);
        if (base === undefined) throw new Error('no head');
        await closeLog(ctx, died.session.id);
        await heads.swap(base, { ...base.head, epoch: base.head.epoch + 1, owner: undefined });
      },
    ],
  ];
  const counts = new Map<string, number>();
  const step = async (): Promise<void> => {
    const [name, deed] = deeds[Math.floor(random.fraction() * deeds.length)] as (typeof deeds)[number];
    await deed();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  return { counts, step };
}

describe('a bucket that changes while it is read', () => {
  const met = new Map<string, number>();

  it.each([1, 2, 3, 4, 5, 6])('gives no false alarm under seed %i', async (seed) => {
    bucket = await BusyBucket.filled();
    const random = seededRandom(seed + 100);
    const { counts, step } = business(seed);
    // One thing at a time, as the test's clock has one hand; several parts are read meanwhile.
    let turn: Promise<void> = Promise.resolve();
    const store = reading(() => {
      if (random.fraction() < 0.2) turn = turn.then(step);
      return turn;
    });
    for (let i = 0; i < 3; i++)
      expect(await scrubBucket({ store })).toMatchObject({ missing: 0, corrupt: 0, databases: 4, sessions: 2 });
    for (const [name, count] of counts) met.set(name, (met.get(name) ?? 0) + count);
  });

  it('was written, flushed, compacted, collected, pinned and taken over meanwhile', () => {
    expect([...met.keys()].sort()).toEqual(
      ['collect', 'compact', 'flush', 'pin', 'take over', 'time', 'unpin', 'write'].sort(),
    );
  });
});

describe('a second look', () => {
  it('finds the files of a head that was replaced while its files were read (G2)', async () => {
    bucket = await BusyBucket.filled();
    const { ctx, clock, worker } = bucket;
    await worker.write(LARGE, ['k0'], SMALL);
    await worker.flush(LARGE, TO_FILE);
    let isFirst = true;
    const gone: string[] = [];
    const store = reading(async (key) => {
      if (!isFirst || !key.startsWith(bucketLayout.ssts(LARGE))) return;
      isFirst = false;
      const before = await bucket.names(bucketLayout.ssts(LARGE));
      await clock.advance(2 * RETENTION_MS);
      await clock.settle(compactDatabase(ctx, LARGE, { l0Files: 1, targetFileBytes: 20_000 }));
      await clock.settle(collectGarbage(ctx, LARGE, { minAgeMs: 0 }));
      const after = new Set(await bucket.names(bucketLayout.ssts(LARGE)));
      gone.push(...before.filter((name) => !after.has(name)));
    });
    expect(await scrubBucket({ store })).toMatchObject({ missing: 0, corrupt: 0 });
    expect(gone.length).toBeGreaterThan(0);
  });

  it('finds what was damaged on its way whole', async () => {
    bucket = await BusyBucket.filled();
    const random = seededRandom(9);
    let damaged = 0;
    const store = reading(
      () => Promise.resolve(),
      (body) => {
        if (random.fraction() > 0.1 || body.byteLength === 0) return body;
        damaged++;
        const bit = Math.floor(random.fraction() * body.byteLength * 8);
        body[bit >>> 3] = (body[bit >>> 3] as number) ^ (1 << (bit & 7));
        return body;
      },
    );
    expect(await scrubBucket({ store })).toMatchObject({ missing: 0, corrupt: 0 });
    expect(damaged).toBeGreaterThan(10);
  });

  it('finds a file missing that the head still names', async () => {
    bucket = await BusyBucket.filled();
    const { l1 } = decodeHead((await bucket.read(bucketLayout.head(LARGE))).body);
    const name = bucketLayout.sst(LARGE, l1[0]?.id as string);
    await bucket.memory.delete(name);
    const store = reading(async (key) => {
      // Edited by somebody, who has not noticed.
      if (key === bucketLayout.head(LARGE)) await bucket.worker.write(LARGE, ['k0'], SMALL);
      if (key === bucketLayout.head(LARGE)) await bucket.worker.flush(LARGE, TO_FILE);
    });
    const report = await scrubBucket({ store });
    expect(report.findings.filter(({ kind }) => kind === 'missing')).toEqual([
      { kind: 'missing', name, why: `${LARGE} names it` },
    ]);
  });
});

describe('a store that does not answer', () => {
  it('is no finding: the scrub fails', async () => {
    bucket = await BusyBucket.filled();
    const store = reading((key) =>
      key.includes('/sst/') ? Promise.reject(new StoreUnavailableError('no answer')) : Promise.resolve(),
    );
    await expect(scrubBucket({ store })).rejects.toThrow(StoreUnavailableError);
  });

  it('can be left before the end', async () => {
    bucket = await BusyBucket.filled();
    const leaving = new AbortController();
    let reads = 0;
    const store = reading(async () => {
      if (++reads === 20) leaving.abort(new Error('enough'));
    });
    await expect(scrubBucket({ store }, { signal: leaving.signal })).rejects.toThrow();
    expect(reads).toBeLessThan(60);
  });
});
