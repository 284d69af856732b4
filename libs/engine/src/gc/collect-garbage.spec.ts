import { bucketLayout } from '@leasehold/bucket-layout';
import type { Ulid } from '@leasehold/foundation';
import { UlidSource, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld, memtableOf, texts } from '../../testing/engine-world.js';
import { compactDatabase } from '../compaction/compact-database.js';
import { commitOf } from '../entry.js';
import { sstWriterOfFlush } from '../head/flush-files.js';
import { flushInto } from '../head/flush.js';
import { collectGarbage } from './collect-garbage.js';

const TO_FILE = { inlineLimitBytes: 0 };
const HOUR = 60 * 60 * 1000;
const SETTINGS = { minAgeMs: HOUR };

/** Two live files and one that nobody names. */
async function withGarbage(): Promise<{ world: EngineWorld; garbage: Ulid }> {
  const world = new EngineWorld();
  await world.claim();
  await world.flush([world.commit({ a: '1' })], TO_FILE);
  const garbage = await abandonedFile(world);
  await world.flush([world.commit({ b: '2' })], TO_FILE);
  return { world, garbage };
}

/** As of a writer that crashed between upload and swap. */
async function abandonedFile(world: EngineWorld): Promise<Ulid> {
  const { head } = await world.load();
  const memtable = memtableOf([commitOf({ epoch: 1, sequence: 1_000 }, world.commit({ z: '0' }).entries)]);
  world.sequence--;
  const next = await flushInto(head, memtable, TO_FILE, sstWriterOfFlush(world.ctx));
  return next.l0[0]?.id as Ulid;
}

async function filesOf(world: EngineWorld): Promise<(Ulid | undefined)[]> {
  const { objects } = await world.memory.list(bucketLayout.ssts(DATABASE));
  return objects.map(({ key }) => bucketLayout.parseSst(DATABASE, key));
}

describe('garbage collection', () => {
  it('deletes what no head names, once it is old enough, and raises the floor to it', async () => {
    const { world, garbage } = await withGarbage();
    world.clock.advance(HOUR);
    const report = await collectGarbage(world.ctx, DATABASE, SETTINGS);
    expect(report).toMatchObject({ outcome: 'collected', deletedFiles: 1, keptFiles: 0 });
    expect(report.deletedBytes).toBeGreaterThan(0);
    const { head } = await world.load();
    expect(head.gcFloor).toBe(garbage);
    expect(await filesOf(world)).toEqual(head.l0.map(({ id }) => id).reverse());
    expect(texts((await world.view(head).scan({ limit: 10 })).entries)).toEqual(['a=1', 'b=2']);
  });

  it('leaves the head alone when there is nothing to delete: a GET and a LIST', async () => {
    const world = new EngineWorld();
    await world.claim();
    await world.flush([world.commit({ a: '1' })], TO_FILE);
    world.clock.advance(10 * HOUR);
    const { etag } = await world.load();
    world.takeCalls();
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'nothing', keptFiles: 0 });
    expect(world.takeCalls()).toEqual({ get: 1, list: 1 });
    expect((await world.load()).etag).toBe(etag);
  });

  it('waits for what is young', async () => {
    const { world } = await withGarbage();
    world.clock.advance(HOUR - 1);
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'nothing', keptFiles: 1 });
    expect(await filesOf(world)).toHaveLength(3);
  });

  it('goes by the clock of the store, not by its own, in what it deletes', async () => {
    const { world } = await withGarbage();
    const ahead = { ...world.ctx, clock: { ...bind(world), now: () => world.clock.now() + 10 * HOUR } };
    expect(await collectGarbage(ahead, DATABASE, SETTINGS)).toMatchObject({
      outcome: 'collected',
      deletedFiles: 0,
      keptFiles: 1,
    });
    expect(await filesOf(world)).toHaveLength(3);
    // And it can be collected later, though the floor was raised already and nothing else happens to the database.
    world.clock.advance(HOUR);
    expect(await collectGarbage(ahead, DATABASE, SETTINGS)).toMatchObject({ outcome: 'collected', deletedFiles: 1 });
  });

  it('keeps everything while anything is pinned', async () => {
    const { world } = await withGarbage();
    await world.memory.put(`${bucketLayout.pins(DATABASE)}branch`, utf8('{}'), 'create');
    world.clock.advance(HOUR);
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'pinned', deletedFiles: 0 });
    expect(await filesOf(world)).toHaveLength(3);
  });

  it.each([{ quarantined: true }, { deletedAt: 1 }])('leaves a database alone that is %j', async (frozen) => {
    const { world } = await withGarbage();
    const base = await world.load();
    await world.heads.swap(base, { ...base.head, ...frozen });
    world.clock.advance(HOUR);
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'skipped' });
    expect(await filesOf(world)).toHaveLength(3);
  });

  it('does nothing to a folder without a head', async () => {
    const world = new EngineWorld();
    await world.memory.put(bucketLayout.sst(DATABASE, '0'.repeat(26)), utf8('x'), 'create');
    world.clock.advance(HOUR);
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'nothing' });
    expect(await filesOf(world)).toHaveLength(1);
  });

  it('collects the inputs of a compaction', async () => {
    const world = new EngineWorld();
    await world.claim();
    for (const value of ['1', '2', '3']) await world.flush([world.commit({ a: value })], TO_FILE);
    await compactDatabase(world.ctx, DATABASE, { l0Files: 2, targetFileBytes: 1024 });
    world.clock.advance(HOUR);
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({
      outcome: 'collected',
      deletedFiles: 3,
    });
    const { head } = await world.load();
    expect(texts((await world.view(head).scan({ limit: 10 })).entries)).toEqual(['a=3']);
  });

  it('does not delete what a head has come to name between its listing and its floor', async () => {
    const world = new EngineWorld();
    await world.claim();
    const base = await world.load();
    // A writer sleeps between upload and swap for longer than minAge …
    const write = sstWriterOfFlush(world.ctx);
    const next = await flushInto(base.head, memtableOf([world.commit({ a: '1' })]), TO_FILE, write);
    world.clock.advance(HOUR);
    // … and wakes just before gc's floor.
    const store: typeof world.store = {
      get: (key, options) => world.store.get(key, options),
      list: (prefix, options) => world.store.list(prefix, options),
      delete: (key) => world.store.delete(key),
      put: async (key, body, condition) => {
        if (next.trail === base.head.trail && (await world.load()).etag === base.etag)
          await world.heads.swap(base, next);
        return world.store.put(key, body, condition);
      },
    };
    const report = await collectGarbage({ ...world.ctx, store }, DATABASE, SETTINGS);
    expect(report).toMatchObject({ deletedFiles: 0 });
    const { head } = await world.load();
    expect(texts((await world.view(head).scan({ limit: 10 })).entries)).toEqual(['a=1']);
  });

  it('lets a writer that slept through it publish only with a new file', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    const memtable = memtableOf([world.commit({ a: '1' })]);
    const write = sstWriterOfFlush(world.ctx);
    let slept = false;
    const edit = await world.heads.edit(base, async (head) => {
      const next = await flushInto(head, memtable, TO_FILE, write);
      if (!slept) {
        slept = true;
        world.clock.advance(HOUR);
        expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ deletedFiles: 1 });
      }
      return next;
    });
    expect(edit.outcome).toBe('done');
    const { head } = await world.load();
    expect(texts((await world.view(head).scan({ limit: 10 })).entries)).toEqual(['a=1']);
  });

  it('raises its floor to ids that exist, so that a clock in the future cannot keep files alive for years', async () => {
    const { world } = await withGarbage();
    world.clock.advance(HOUR);
    const tenYears = 10 * 365 * 24 * HOUR;
    const ahead = { ...world.ctx, clock: { ...bind(world), now: () => world.clock.now() + tenYears } };
    await collectGarbage(ahead, DATABASE, SETTINGS);
    const next = new UlidSource(world.clock, world.ctx.random).next();
    expect(((await world.load()).head.gcFloor as Ulid) < next).toBe(true);
  });

  it('can run twice at once and with lost answers', async () => {
    const { world } = await withGarbage();
    world.clock.advance(HOUR);
    world.faulty.next('put', 'fail-after');
    const reports = await Promise.all([1, 2].map(() => collectGarbage(world.ctx, DATABASE, SETTINGS)));
    expect(reports.every(({ outcome }) => outcome === 'collected')).toBe(true);
    expect(await filesOf(world)).toHaveLength(2);
    expect(await collectGarbage(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'nothing' });
  });
});

function bind(world: EngineWorld): EngineWorld['ctx']['clock'] {
  const { clock } = world;
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    schedule: (ms, callback) => clock.schedule(ms, callback),
  };
}
