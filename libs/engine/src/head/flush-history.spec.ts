import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld, memtableOf, texts } from '../../testing/engine-world.js';
import { compactDatabase } from '../compaction/compact-database.js';
import type { Commit, IdempotencyRecord } from '../entry.js';
import { commitOf } from '../entry.js';
import type { Head } from '../format/head.js';
import { ENGINE_LIMITS } from '../limits.js';
import { SstReader } from '../sst/sst-reader.js';
import { changesCompleteFrom } from './history-files.js';
import {
  CROWDED_RECORDS,
  IDEMPOTENCY_FILES,
  MOST_IDEMPOTENCY_FILES,
  RECENT_RECORDS,
  recordOfEntry,
} from './idempotency-records.js';
import { KEPT_RANGE_DELETES, rangeDeletesLeft } from './range-delete-list.js';

const HOUR = 60 * 60 * 1000;
const SMALL = { inlineLimitBytes: 40 };

describe('a flush into a database with a retention window', () => {
  it('keeps old versions inline while they fit, then in a file of history, and the newest inline', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    const first = await world.flush([world.commit({ a: 'one' }), world.commit({ a: 'two' })], SMALL);
    expect(texts(first.head.inline)).toEqual(['a=two', 'a=one']);
    const { head } = await world.flush(
      [world.commit({ a: 'three' }), world.commit({ a: 'four' }), world.commit({ b: undefined })],
      SMALL,
    );
    expect(texts(head.inline)).toEqual(['a=four', 'b=(deleted)']);
    expect(head.history).toMatchObject([{ role: 'versions', ref: { entries: 5, coversFrom: 1, coversThrough: 5 } }]);
    expect([head.inlineFrom, head.horizon, head.l0.length]).toEqual([6, 0, 0]);
  });

  it('makes L0 files that cover their commits, one after the other', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    for (let i = 0; i < 3; i++) await world.flush([world.commit({ [`k${i}`]: 'x'.repeat(60) })], SMALL);
    const { head } = await world.load();
    expect(head.l0.map(({ coversFrom, coversThrough }) => [coversFrom, coversThrough])).toEqual([
      [3, 3],
      [2, 2],
      [1, 1],
    ]);
    expect(changesCompleteFrom(head)).toBe(0);
  });

  it('drops history that the window has passed, and the horizon says so', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    await world.flush([world.commit({ a: 'one' }), world.commit({ a: 'two, and longer than can stay' })], SMALL);
    const before = (await world.load()).head;
    expect(before.history).toHaveLength(1);
    world.clock.advance(HOUR);
    const { head } = await world.flush([world.commit({ b: '1' })], SMALL);
    expect(head.history).toEqual([]);
    expect([head.horizon, changesCompleteFrom(head)]).toEqual([2, 2]);
  });

  it('moves L0 files that were merged to history until the window has passed them', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    for (let i = 0; i < 2; i++) await world.flush([world.commit({ a: `${i}`.repeat(60) })], SMALL);
    await compactDatabase(world.ctx, DATABASE, { l0Files: 2 });
    const { head } = await world.load();
    expect(head.history.map(({ role, ref }) => [role, ref.coversFrom, ref.coversThrough])).toEqual([
      ['merged', 1, 1],
      ['merged', 2, 2],
    ]);
    expect([changesCompleteFrom(head), head.horizon, head.statistics.historyBytes > 0]).toEqual([0, 0, true]);
    world.clock.advance(HOUR);
    expect(await compactDatabase(world.ctx, DATABASE, { l0Files: 2 })).toMatchObject({ outcome: 'compacted' });
    expect((await world.load()).head).toMatchObject({ history: [], horizon: 2 });
  });
});

describe('range deletes in a flush', () => {
  const rangeDelete = (world: EngineWorld): Commit => {
    const commit = world.commit({});
    return { ...commit, rangeDeletes: [{ start: utf8('a'), end: utf8('m'), version: commit.version }] };
  };

  it('hide in the head until the window has passed them, then what they hide is dropped and they leave', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    const { head } = await world.flush([world.commit({ b: '1', n: '1' }), rangeDelete(world)]);
    expect([texts(head.inline), head.rangeDeletes.length, head.horizon]).toEqual([['b=1', 'n=1'], 1, 0]);
    world.clock.advance(HOUR);
    const later = (await world.flush([world.commit({ z: '1' })])).head;
    expect([texts(later.inline), later.rangeDeletes.length, later.horizon]).toEqual([['n=1', 'z=1'], 0, 2]);
  });

  it('stay while a file may hold what they hide', async () => {
    const world = new EngineWorld();
    await world.claim();
    await world.flush([world.commit({ b: '1' })], { inlineLimitBytes: 0 });
    expect((await world.flush([rangeDelete(world)])).head.rangeDeletes).toHaveLength(1);
    // One that reaches no file leaves at once.
    const { head } = await world.flush([
      {
        ...rangeDelete(world),
        rangeDeletes: [{ start: utf8('x'), end: undefined, version: { epoch: 1, sequence: 3 } }],
      },
    ]);
    expect(head.rangeDeletes).toHaveLength(1);
    await compactDatabase(world.ctx, DATABASE, { rangeDeletes: 1 });
    const compacted = (await world.load()).head;
    expect([compacted.rangeDeletes, compacted.l0, compacted.l1]).toEqual([[], [], []]);
  });

  it('are bounded: past half of the limit the window gives way', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    const commits = Array.from({ length: KEPT_RANGE_DELETES + 10 }, () => rangeDelete(world));
    expect(rangeDeletesLeft(undefined, [memtableOf(commits)])).toBe(ENGINE_LIMITS.rangeDeletes - commits.length);
    const { head } = await world.flush(commits);
    expect([head.rangeDeletes.length, head.horizon]).toEqual([KEPT_RANGE_DELETES, 10]);
  });
});

describe('idempotency records in a flush', () => {
  const record = (sequence: number, expiresAt: number): IdempotencyRecord => ({
    key: utf8(`key-${String(sequence).padStart(6, '0')}`),
    digest: new Uint8Array(16).fill(sequence),
    version: { epoch: 1, sequence },
    expiresAt,
  });
  const commits = (world: EngineWorld, count: number, ttlMs = 24 * HOUR): Commit[] =>
    Array.from({ length: count }, () => {
      const commit = world.commit({});
      const at = world.clock.now();
      return { ...commit, committedAt: at, idempotency: record(commit.version.sequence, at + ttlMs) };
    });

  it('stay in the head while they are few, and overflow into a file of their own', async () => {
    const world = new EngineWorld();
    await world.claim();
    const few = (await world.flush(commits(world, RECENT_RECORDS))).head.idempotency;
    expect([few.recent.length, few.files.length, few.recentFrom]).toEqual([RECENT_RECORDS, 0, 1]);
    const { head } = await world.flush(commits(world, 10));
    const { recent, files, recentFrom } = head.idempotency;
    expect(files).toHaveLength(1);
    expect(recentFrom).toBe(recent[0]?.version.sequence);
    const moved = record(5, few.recent[4]?.expiresAt as number);
    const entry = await new SstReader(
      { store: world.store, cache: undefined },
      DATABASE,
      files[0] as Head['l0'][0],
    ).get(moved.key);
    expect(entry && recordOfEntry(entry)).toEqual({ ...moved, key: entry?.key, digest: Buffer.from(moved.digest) });
  });

  it('leave with their expiry by commit times, whatever the clock of the flush says', async () => {
    const world = new EngineWorld();
    await world.claim();
    const memtable = commits(world, 100, HOUR);
    await world.flush(memtable);
    world.clock.advance(2 * HOUR);
    const { idempotency } = (
      await world.flush([commitOf({ epoch: 1, sequence: 101 }, [], { committedAt: world.clock.now() })])
    ).head;
    expect([idempotency.recent, idempotency.files]).toEqual([[], []]);
  });

  it('leave the head for files though no compaction comes', async () => {
    const world = new EngineWorld();
    await world.claim();
    for (let i = 0; i < MOST_IDEMPOTENCY_FILES; i++) await world.flush(commits(world, RECENT_RECORDS + 1));
    await world.flush(commits(world, CROWDED_RECORDS - RECENT_RECORDS));
    expect((await world.load()).head.idempotency.files).toHaveLength(MOST_IDEMPOTENCY_FILES);
    const { recent, files } = (await world.flush(commits(world, RECENT_RECORDS))).head.idempotency;
    expect(files).toHaveLength(MOST_IDEMPOTENCY_FILES + 1);
    expect(recent.length).toBeLessThan(RECENT_RECORDS);
  });

  it('are merged by compaction when their files are many', async () => {
    const world = new EngineWorld();
    await world.claim();
    for (let i = 0; i < IDEMPOTENCY_FILES; i++) await world.flush(commits(world, RECENT_RECORDS + 1));
    expect((await world.load()).head.idempotency.files).toHaveLength(IDEMPOTENCY_FILES);
    expect(await compactDatabase(world.ctx, DATABASE)).toMatchObject({ kind: 'records', outputFiles: 1 });
    const { files, recent } = (await world.load()).head.idempotency;
    expect((files[0]?.entries ?? 0) + recent.length).toBe(IDEMPOTENCY_FILES * (RECENT_RECORDS + 1));
  });
});

describe('usage in a flush', () => {
  it('takes over the counters of the last commit, with a mark per hour', async () => {
    const world = new EngineWorld();
    await world.claim();
    const at = Math.ceil(world.clock.now() / HOUR) * HOUR;
    const commit = (minutes: number): Commit => {
      const { version, entries } = world.commit({});
      const commits = version.sequence;
      return commitOf(version, entries, {
        committedAt: at + minutes * 60_000,
        usage: { commits, writeUnits: 2 * commits, writtenBytes: 100 * commits },
      });
    };
    const { usage } = (await world.flush([commit(0), commit(59), commit(60), commit(200)])).head;
    expect(usage.total).toEqual({ commits: 4, writeUnits: 8, writtenBytes: 400 });
    expect(usage.hours.map(({ hour, total }) => [hour - at / HOUR, total.commits])).toEqual([
      [0, 2],
      [1, 3],
      [3, 4],
    ]);
  });
});
