import { bucketLayout } from '@leasehold/bucket-layout';
import type { Ulid } from '@leasehold/foundation';
import { compareBytes, seededRandom, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld, OTHER_SESSION, text, texts } from '../../testing/engine-world.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { collectGarbage } from '../gc/collect-garbage.js';
import { changesCompleteFrom } from '../head/history-files.js';
import { applyCompaction } from './apply.js';
import { compactDatabase } from './compact-database.js';
import { executeCompaction } from './execute.js';
import type { CompactionPlan } from './plan.js';
import { COMPACTION_SETTINGS, planCompaction } from './plan.js';

const HOUR = 60 * 60 * 1000;
const TO_FILE = { inlineLimitBytes: 0 };
const SETTINGS = { ...COMPACTION_SETTINGS, l0Files: 2, targetFileBytes: 64 * 1024 };

async function withFiles(...files: readonly Readonly<Record<string, string | undefined>>[]): Promise<EngineWorld> {
  const world = new EngineWorld();
  await world.claim();
  for (const effects of files) await world.flush([world.commit(effects)], TO_FILE);
  return world;
}

async function contentOf(world: EngineWorld): Promise<string[]> {
  return texts((await world.view((await world.load()).head).scan({ limit: 1000 })).entries);
}

/** A thousand bytes that begin with `byte`. */
function incompressible(seed: number, byte: number): Uint8Array {
  const bytes = seededRandom(seed).bytes(1000);
  bytes[0] = byte;
  return bytes;
}

const idsOf = (refs: readonly SstRef[]): Ulid[] => refs.map(({ id }) => id);

describe('a compaction plan', () => {
  it('is made once L0 has four files', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' }, { a: '3' });
    expect(planCompaction((await world.load()).head)).toBeUndefined();
    await world.flush([world.commit({ a: '4' })], TO_FILE);
    const { head } = await world.load();
    expect(planCompaction(head)).toMatchObject({ kind: 'levels', l0: head.l0, l1: [] });
  });

  it('takes the L1 files that some L0 file reaches into, and leaves those in a gap between them', async () => {
    const world = await withFiles(Object.fromEntries(['a', 'e', 'm', 'r', 'z'].map((key) => [key, '1'])));
    await compactDatabase(world.ctx, DATABASE, { l0Files: 1, targetFileBytes: 1 });
    await world.flush([world.commit({ d: '2', e: '2' })], TO_FILE);
    await world.flush([world.commit({ r: '3' })], TO_FILE);
    const { head } = await world.load();
    const plan = planCompaction(head, undefined, SETTINGS) as CompactionPlan;
    expect(idsOf(plan.l0)).toEqual(idsOf(head.l0));
    expect(plan.l1.map(({ minKey }) => text(minKey))).toEqual(['e', 'r']);
  });
});

describe('a compaction', () => {
  it('replaces its inputs by their merge: newest versions, no tombstones', async () => {
    const world = await withFiles({ a: '1', b: '1', c: '1' }, { a: '2', b: undefined }, { d: undefined });
    const before = (await world.load()).head;
    const report = await compactDatabase(world.ctx, DATABASE, SETTINGS);
    expect(report).toMatchObject({ outcome: 'compacted', tries: 1, inputFiles: 2, outputFiles: 1, droppedEntries: 3 });
    const { head } = await world.load();
    expect(head.l0).toEqual([]);
    expect(head.l1).toMatchObject([{ entries: 2, deletes: 0, minSequence: 1, maxSequence: 2 }]);
    expect(head.horizon).toBe(3);
    expect(head.statistics).toEqual({ entries: 2, liveBytes: 4, historyBytes: 0 });
    expect([head.epoch, head.owner, head.lastCommit]).toEqual([before.epoch, before.owner, before.lastCommit]);
    expect(await contentOf(world)).toEqual(['a=2', 'c=1']);
  });

  it('leaves no file when everything is deleted', async () => {
    const world = await withFiles({ a: '1' }, { a: undefined });
    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS)).toMatchObject({
      outcome: 'compacted',
      outputFiles: 0,
    });
    expect(await contentOf(world)).toEqual([]);
    expect((await world.load()).head).toMatchObject({ l0: [], l1: [], horizon: 2 });
  });

  it('cuts disjoint files of the target size and rewrites only what overlaps', async () => {
    const world = new EngineWorld();
    await world.claim();
    const effects = (from: number, to: number, byte: number): Record<string, Uint8Array> =>
      Object.fromEntries(
        Array.from({ length: to - from }, (_, i) => [
          `k${String(from + i).padStart(4, '0')}`,
          incompressible(from + i, byte),
        ]),
      );
    await world.flush([world.commit(effects(0, 250, 1))], TO_FILE);
    await world.flush([world.commit(effects(250, 500, 1))], TO_FILE);
    await compactDatabase(world.ctx, DATABASE, SETTINGS);
    const first = (await world.load()).head;
    expect(first.l1.length).toBeGreaterThan(5);
    expect(first.l1.every(({ sizeBytes }) => sizeBytes < 64 * 1024 + 20 * 1024)).toBe(true);
    expect(
      first.l1.every((ref, i) => i === 0 || compareBytes((first.l1[i - 1] as SstRef).maxKey, ref.minKey) < 0),
    ).toBe(true);

    await world.flush([world.commit(effects(10, 20, 2))], TO_FILE);
    await world.flush([world.commit(effects(30, 40, 2))], TO_FILE);
    const report = await compactDatabase(world.ctx, DATABASE, SETTINGS);
    expect(report.inputFiles).toBe(3);
    const second = (await world.load()).head;
    expect(idsOf(second.l1.slice(-4))).toEqual(idsOf(first.l1.slice(-4)));
    const page = await world.view(second).scan({ limit: 1000, limitBytes: 1e9 });
    expect(page.entries.map(({ value }) => value[0])).toEqual(
      Array.from({ length: 500 }, (_, i) => ((i >= 10 && i < 20) || (i >= 30 && i < 40) ? 2 : 1)),
    );
  });

  it('leaves L1 files in place that lie between what L0 touches, and no output reaches across them', async () => {
    const world = await withFiles(Object.fromEntries(['a', 'e', 'm', 'r', 'z'].map((key) => [key, '1'])));
    await compactDatabase(world.ctx, DATABASE, { l0Files: 1, targetFileBytes: 1 });
    const before = (await world.load()).head.l1;
    await world.flush([world.commit({ d: '2', e: '2', zz: '2' })], TO_FILE);
    const settings = { ...SETTINGS, l0Files: 1, garbageShare: 2 };
    // Within L0's keys are e, m, r and z; it has something for e alone, and something behind z.
    expect(await compactDatabase(world.ctx, DATABASE, settings)).toMatchObject({ outcome: 'compacted', tries: 1 });
    const { l1 } = (await world.load()).head;
    expect(await contentOf(world)).toEqual(['a=1', 'd=2', 'e=2', 'm=1', 'r=1', 'z=1', 'zz=2']);
    expect(idsOf(l1)).toContain(before[0]?.id);
    await world.flush([world.commit({ e: '3' })], TO_FILE);
    await world.flush([world.commit({ zz: '3' })], TO_FILE);
    expect(await compactDatabase(world.ctx, DATABASE, { ...SETTINGS, garbageShare: 2 })).toMatchObject({ tries: 1 });
    expect(await contentOf(world)).toEqual(['a=1', 'd=2', 'e=3', 'm=1', 'r=1', 'z=1', 'zz=3']);
  });

  it('comes to an end with deletes that the window still keeps', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    const keys = Array.from({ length: 100 }, (_, i) => `k${String(i).padStart(3, '0')}`);
    await world.flush(
      keys.map((key) => world.commit({ [key]: '1' })),
      TO_FILE,
    );
    world.clock.advance(2 * HOUR);
    await world.flush([world.commit(Object.fromEntries(keys.slice(0, 60).map((key) => [key, undefined])))], TO_FILE);
    const settings = { ...SETTINGS, l0Files: 1 };
    const kinds: unknown[] = [];
    for (let i = 0; i < 4; i++) kinds.push((await compactDatabase(world.ctx, DATABASE, settings)).kind);
    expect(kinds).toEqual(['levels', undefined, undefined, undefined]);
    world.clock.advance(2 * HOUR);
    expect(await compactDatabase(world.ctx, DATABASE, settings)).toMatchObject({
      kind: 'garbage',
      droppedEntries: 120,
    });
  });

  it('leaves few files of keys that only grow, each merged a few times', async () => {
    const world = new EngineWorld();
    await world.claim();
    let written = 0;
    let rewritten = 0;
    for (let i = 0; i < 100; i++) {
      await world.flush([world.commit({ [`k${String(i).padStart(3, '0')}`]: incompressible(i, 0) })], TO_FILE);
      for (let more = true; more;) {
        const report = await compactDatabase(world.ctx, DATABASE, { ...SETTINGS, l0Files: 1 });
        more = report.outcome === 'compacted';
        if (report.kind === 'levels') written += report.outputBytes;
        rewritten += report.outputBytes;
      }
    }
    expect((await world.load()).head.l1.length).toBeLessThan(12);
    expect(rewritten / written).toBeLessThan(5);
    expect(await contentOf(world)).toHaveLength(100);
  });

  it('leaves no gap in the feed when neighbours in L0 leave nothing', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    await world.flush([world.commit({ a: '1' })], TO_FILE);
    const last = world.commit({ a: undefined });
    world.clock.advance(2 * HOUR);
    const commit = world.commit({});
    const rangeDeletes = [{ start: utf8('x'), end: undefined, version: commit.version }];
    await world.flush([last, { ...commit, rangeDeletes }], TO_FILE);
    const base = await world.load();
    const point = { sequence: 2, at: 0 };
    const plan: CompactionPlan = { kind: 'tier', l0: base.head.l0, l1: [], hidden: [], records: [], point };
    const output = await executeCompaction(world.ctx, base.head, plan, SETTINGS);
    expect(output.files).toEqual([]);
    const edit = await world.heads.edit(base, (head) => applyCompaction(head, plan, output), { acrossOwners: true });
    const { head } = (edit as { stored: { head: Head } }).stored;
    expect([head.l0.length, head.horizon, changesCompleteFrom(head)]).toEqual([0, 2, 2]);
  });

  it('reads its inputs in few requests and keeps the cache out of it', async () => {
    const world = new EngineWorld();
    await world.claim();
    for (const byte of [1, 2]) {
      const effects = Object.fromEntries(
        Array.from({ length: 1000 }, (_, i) => [`k${i}`, new Uint8Array(1000).fill(byte)]),
      );
      await world.flush([world.commit(effects)], TO_FILE);
    }
    world.takeCalls();
    await compactDatabase(world.ctx, DATABASE, { l0Files: 2, targetFileBytes: 8 * 1024 * 1024 });
    // Head; tail and one or two megabytes of each of two files.
    expect(world.takeCalls().get).toBeLessThanOrEqual(1 + 2 * 3);
    expect(world.cache.sizeBytes).toBe(0);
  });

  it('does nothing to a database that is absent, quarantined or deleted', async () => {
    const empty = new EngineWorld();
    expect(await compactDatabase(empty.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'idle' });
    for (const frozen of [{ quarantined: true }, { deletedAt: 1 }]) {
      const world = await withFiles({ a: '1' }, { a: '2' });
      const base = await world.load();
      await world.heads.swap(base, { ...base.head, ...frozen });
      const { etag } = await world.load();
      expect(await compactDatabase(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'skipped' });
      expect((await world.load()).etag).toBe(etag);
    }
  });

  it('is done when it runs again', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    await compactDatabase(world.ctx, DATABASE, SETTINGS);
    const { etag } = await world.load();
    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'idle' });
    expect((await world.load()).etag).toBe(etag);
  });
});

describe('a compaction beside others', () => {
  /** Planned and executed, not yet applied. */
  async function prepared(
    world: EngineWorld,
  ): Promise<{ apply: (head: Head) => Head | undefined; files: readonly SstRef[] }> {
    const { head } = await world.load();
    const plan = planCompaction(head, undefined, SETTINGS) as CompactionPlan;
    const output = await executeCompaction(world.ctx, head, plan, SETTINGS);
    return { apply: (present) => applyCompaction(present, plan, output), files: output.files };
  }

  it('leaves files in place that the owner has flushed meanwhile, and they win', async () => {
    const world = await withFiles({ a: '1', b: '1' }, { c: '1' });
    const { apply } = await prepared(world);
    await world.flush([world.commit({ a: undefined, b: '2' })], TO_FILE);
    const base = await world.load();
    await world.heads.edit(base, apply, { acrossOwners: true });
    const { head } = await world.load();
    expect([head.l0.length, head.l1.length]).toEqual([1, 1]);
    expect(await contentOf(world)).toEqual(['b=2', 'c=1']);
  });

  it('is applied anew when the owner flushes between its read and its swap', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const base = await world.load();
    const { apply } = await prepared(world);
    await world.flush([world.commit({ b: '3' })]);
    let applied = 0;
    const edit = await world.heads.edit(base, (head) => (applied++, apply(head)), { acrossOwners: true });
    expect([edit.outcome, applied]).toEqual(['done', 2]);
    expect(await contentOf(world)).toEqual(['a=2', 'b=3']);
  });

  it('is applied over a takeover, and the owner fields stay those of the successor', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const base = await world.load();
    const { apply } = await prepared(world);
    await world.heads.swap(base, { ...base.head, epoch: 2, owner: OTHER_SESSION });
    expect(await world.heads.edit(base, apply, { acrossOwners: true })).toMatchObject({ outcome: 'done' });
    expect((await world.load()).head).toMatchObject({ epoch: 2, owner: OTHER_SESSION, l0: [] });
  });

  it('as a whole job goes on when the database is taken over before it publishes', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const { head } = await world.load();
    let isTakenOver = false;
    const store: typeof world.store = {
      get: (key, options) => world.store.get(key, options),
      list: (prefix, options) => world.store.list(prefix, options),
      delete: (key) => world.store.delete(key),
      put: async (key, body, condition) => {
        if (key === bucketLayout.head(DATABASE) && !isTakenOver) {
          isTakenOver = true;
          await world.heads.swap(await world.load(), { ...head, epoch: 2, owner: OTHER_SESSION });
        }
        return world.store.put(key, body, condition);
      },
    };
    const report = await compactDatabase({ ...world.ctx, store }, DATABASE, SETTINGS);
    expect(report).toMatchObject({ outcome: 'compacted', tries: 1 });
    expect((await world.load()).head).toMatchObject({ epoch: 2, owner: OTHER_SESSION, l0: [] });
  });

  it('is dropped when another compactor was faster', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const base = await world.load();
    const { apply, files } = await prepared(world);
    await compactDatabase(world.ctx, DATABASE, SETTINGS);
    expect(await world.heads.edit(base, apply, { acrossOwners: true })).toMatchObject({ outcome: 'dropped' });
    expect(idsOf((await world.load()).head.l1)).not.toContain(files[0]?.id);
    expect(await contentOf(world)).toEqual(['a=2']);
  });

  it('is not published below the gc floor, and done anew with new files (G1)', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const sleeping = await prepared(world);
    // While it sleeps, gc finds its output unreferenced.
    expect(await collectGarbage(world.ctx, DATABASE, { minAgeMs: 0 })).toMatchObject({
      outcome: 'collected',
      deletedFiles: 1,
    });
    const base = await world.load();
    expect(sleeping.apply(base.head)).toBeUndefined();
    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'compacted' });
    expect(await contentOf(world)).toEqual(['a=2']);
  });

  it('begins again when its inputs were compacted and collected under it', async () => {
    const world = await withFiles({ a: '1' }, { b: '1' }, { c: '1' });
    const { head } = await world.load();
    const plan = planCompaction(head, undefined, SETTINGS) as CompactionPlan;
    await compactDatabase(world.ctx, DATABASE, SETTINGS);
    await collectGarbage(world.ctx, DATABASE, { minAgeMs: 0 });
    await expect(executeCompaction(world.ctx, head, plan, SETTINGS)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'idle' });
  });

  it('ends right when two run at the same time', async () => {
    const world = await withFiles({ a: '1' }, { a: '2', b: '1' }, { b: undefined, c: '1' });
    const reports = await Promise.all([1, 2].map(() => compactDatabase(world.ctx, DATABASE, SETTINGS)));
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(['compacted', 'idle']);
    expect(await contentOf(world)).toEqual(['a=2', 'c=1']);
  });

  it('learns that its swap was applied though the answer was lost, and the owner has flushed since', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const base = await world.load();
    const { apply } = await prepared(world);
    world.faulty.next('put', 'fail-after', 'none');
    const edit = world.heads.edit(base, apply, { acrossOwners: true });
    while ((await world.load()).head.l1.length === 0);
    await world.flush([world.commit({ b: '3' })]);
    expect(await edit).toMatchObject({ outcome: 'done' });
    expect(await contentOf(world)).toEqual(['a=2', 'b=3']);
  });

  it('changes nothing when an input is damaged', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const { head, etag } = await world.load();
    const key = bucketLayout.sst(DATABASE, (head.l0[1] as SstRef).id);
    const object = await world.memory.get(key);
    if (object === undefined || object === 'not-modified') throw new Error('file is missing');
    const damaged = Uint8Array.from(object.body);
    damaged[9] = (damaged[9] as number) ^ 1;
    await world.memory.delete(key);
    await world.memory.put(key, damaged, 'create');
    await expect(compactDatabase(world.ctx, DATABASE, SETTINGS)).rejects.toMatchObject({ kind: 'corrupt' });
    expect((await world.load()).etag).toBe(etag);
  });
});

describe('the edit of a compaction', () => {
  it('takes only exactly its inputs: an L0 in another order is another L0', async () => {
    const world = await withFiles({ a: '1' }, { a: '2' });
    const { head } = await world.load();
    const plan = planCompaction(head, undefined, SETTINGS) as CompactionPlan;
    const output = { files: [], untouched: [], horizon: 2, droppedEntries: 2 };
    expect(applyCompaction(head, plan, output)).toMatchObject({ l0: [], l1: [], horizon: 2 });
    expect(applyCompaction({ ...head, l0: head.l0.slice(0, 1) }, plan, output)).toBeUndefined();
    expect(applyCompaction({ ...head, l0: [] }, plan, output)).toBeUndefined();
    expect(applyCompaction({ ...head, quarantined: true }, plan, output)).toBeUndefined();
    expect(applyCompaction(head, { ...plan, l1: [head.l0[0] as SstRef] }, output)).toBeUndefined();
  });

  it('does not lower the horizon', async () => {
    const world = await withFiles({ a: '1' }, { b: '2' });
    const { head } = await world.load();
    const plan = planCompaction(head, undefined, SETTINGS) as CompactionPlan;
    expect(
      applyCompaction({ ...head, horizon: 2 }, plan, { files: [], untouched: [], horizon: 1, droppedEntries: 0 })
        ?.horizon,
    ).toBe(2);
  });
});
