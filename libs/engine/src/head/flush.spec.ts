import { bucketLayout } from '@leasehold/bucket-layout';
import type { Ulid } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { claimedHead, DATABASE, EngineWorld, memtableOf, texts } from '../../testing/engine-world.js';
import { INLINE_LIMIT_BYTES } from '../limits.js';
import { Memtable } from '../memtable/memtable.js';
import { sstWriterOfFlush } from './flush-files.js';
import { FLUSH_SETTINGS, flushInto } from './flush.js';

const KIB = new Uint8Array(1024).fill(7);
const filesOf = async (world: EngineWorld): Promise<number> =>
  (await world.memory.list(bucketLayout.ssts(DATABASE))).objects.length;
const noFile = (): never => {
  throw new Error('no file was expected');
};

describe('a flush', () => {
  it('puts small data into the head and nothing else', async () => {
    const world = new EngineWorld();
    await world.claim();
    world.takeCalls();
    const { head } = await world.flush([world.commit({ b: '2', a: '1' }), world.commit({ b: '3' })]);
    expect(texts(head.inline)).toEqual(['a=1', 'b=3']);
    expect(head.lastCommit).toEqual({ epoch: 1, sequence: 2 });
    expect(head.statistics).toEqual({ entries: 2, liveBytes: 4, historyBytes: 0 });
    expect(world.takeCalls()).toEqual({ get: 1, put: 1 });
  });

  it('drops tombstones while there are no files, and says from when on history is complete', async () => {
    const world = new EngineWorld();
    await world.claim();
    await world.flush([world.commit({ a: '1', b: '1' })]);
    const { head } = await world.flush([world.commit({ a: undefined }), world.commit({ c: '1' })]);
    expect(texts(head.inline)).toEqual(['b=1', 'c=1']);
    expect(head.horizon).toBe(2);
  });

  it('raises the horizon to the version that replaced another', async () => {
    const world = new EngineWorld();
    await world.claim();
    expect((await world.flush([world.commit({ a: '1' }), world.commit({ b: '1' })])).head.horizon).toBe(0);
    expect((await world.flush([world.commit({ a: '2' })])).head.horizon).toBe(3);
  });

  it('leaves nothing in the head that keeps the memory which the commits shared', async () => {
    const world = new EngineWorld();
    for (const keys of [40, 200]) {
      const memtable = new Memtable();
      for (let i = 0; i < 400; i++) {
        // Long, so that a copy of it is none that the heap has anyway.
        const key = `key ${i % keys}`.padStart(100);
        const commit = world.commit({ [key]: KIB.subarray(0, 700) });
        memtable.put(commit, memtable.encode(commit));
      }
      const head = { ...claimedHead(), options: { ...claimedHead().options, retentionMs: 3_600_000 } };
      const { inline, l0, history } = await flushInto(head, memtable, FLUSH_SETTINGS, sstWriterOfFlush(world.ctx));
      expect([inline.length, l0.length, history.length]).toEqual(keys === 40 ? [40, 0, 1] : [0, 1, 0]);
      const files = [...l0, ...history].map((file) => ('ref' in file ? file.ref : file));
      const kept = [
        ...inline.flatMap(({ key, value }) => [key, value]),
        ...files.flatMap((ref) => [ref.minKey, ref.maxKey]),
      ];
      for (const bytes of kept) expect(bytes.buffer.byteLength).toBeLessThanOrEqual(2 * bytes.byteLength);
    }
  });

  it('makes one file of inline run and memtable when they pass the limit', async () => {
    const world = new EngineWorld();
    await world.claim();
    await world.flush([world.commit({ a: '1', b: '1' })]);
    const big = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, KIB]));
    const { head } = await world.flush([world.commit({ a: undefined, ...big })]);
    expect(head.inline).toEqual([]);
    expect(head.l0).toMatchObject([{ entries: 65, deletes: 0, minSequence: 1, maxSequence: 2 }]);
    expect(await filesOf(world)).toBe(1);
  });

  it('stays inline exactly up to the limit', async () => {
    const world = new EngineWorld();
    // key length 1 + key 1 + version 2 + kind 1 + value length 3 = 8 bytes around the value
    const atLimit = world.commit({ k: new Uint8Array(INLINE_LIMIT_BYTES - 8) });
    const kept = await flushInto(claimedHead(), memtableOf([atLimit]), FLUSH_SETTINGS, noFile);
    expect(kept.inline).toHaveLength(1);
    const above = new EngineWorld().commit({ k: new Uint8Array(INLINE_LIMIT_BYTES - 7) });
    await expect(flushInto(claimedHead(), memtableOf([above]), FLUSH_SETTINGS, noFile)).rejects.toThrow('no file');
  });

  it('keeps tombstones while files lie below', async () => {
    const world = new EngineWorld();
    await world.claim();
    await world.flush([world.commit({ a: '1' })], { inlineLimitBytes: 0 });
    const inline = await world.flush([world.commit({ a: undefined })]);
    expect(texts(inline.head.inline)).toEqual(['a=(deleted)']);
    const file = await world.flush([world.commit({ b: '1' })], { inlineLimitBytes: 0 });
    expect(file.head.l0).toMatchObject([{ entries: 2, deletes: 1 }, { entries: 1 }]);
    expect(texts((await world.view(file.head).scan({ limit: 10 })).entries)).toEqual(['b=1']);
  });

  it('writes no file of tombstones that hide nothing', async () => {
    const world = new EngineWorld();
    const next = await flushInto(
      claimedHead(),
      memtableOf([world.commit({ a: undefined })]),
      { inlineLimitBytes: 0 },
      noFile,
    );
    expect(next).toMatchObject({ inline: [], l0: [], lastCommit: { sequence: 1 }, horizon: 1 });
  });

  it('passes over commits that the head contains already', async () => {
    const world = new EngineWorld();
    await world.claim();
    const first = world.commit({ a: '1' });
    const second = world.commit({ a: '2' });
    const { head } = await world.flush([first, second]);
    expect(await flushInto(head, memtableOf([first, second]), FLUSH_SETTINGS, noFile)).toBe(head);
    const again = await flushInto(head, memtableOf([first, second, world.commit({ b: '1' })]), FLUSH_SETTINGS, noFile);
    expect(texts(again.inline)).toEqual(['a=2', 'b=1']);
  });

  it('does not take a replayed commit for a replaced version', async () => {
    const world = new EngineWorld();
    await world.claim();
    const first = world.commit({ a: '1' });
    const { head } = await world.flush([first]);
    const next = await flushInto(head, memtableOf([first, world.commit({ b: '1' })]), FLUSH_SETTINGS, noFile);
    expect(next.horizon).toBe(0);
  });

  it('reuses its file when it is applied again beside an edit by another role', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    await world.heads.swap(base, { ...base.head, name: 'edited' });
    const stored = await world.flushFrom(base, [world.commit({ a: '1' })], { inlineLimitBytes: 0 });
    expect(stored.head).toMatchObject({ name: 'edited', l0: [{ entries: 1 }] });
    expect(await filesOf(world)).toBe(1);
  });

  it('writes its file anew, above the floor, when gc has raised the floor to it meanwhile', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    const memtable = memtableOf([world.commit({ a: '1' })]);
    const write = sstWriterOfFlush(world.ctx);
    const ids: Ulid[] = [];
    const edit = await world.heads.edit(base, async (head) => {
      const next = await flushInto(head, memtable, { inlineLimitBytes: 0 }, write);
      ids.push(next.l0[0]?.id as Ulid);
      // gc comes between the upload and the swap, and finds the file unreferenced.
      if (ids.length === 1) await world.heads.swap(base, { ...base.head, gcFloor: ids[0] });
      return next;
    });
    expect(ids).toHaveLength(2);
    expect((ids[1] as Ulid) > (ids[0] as Ulid)).toBe(true);
    expect(edit).toMatchObject({ outcome: 'done', stored: { head: { gcFloor: ids[0], l0: [{ id: ids[1] }] } } });
  });

  it('draws ids above the floor and every file, whatever the clock says', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    const future: Ulid = '7' + 'z'.repeat(20) + '00000';
    await world.heads.swap(base, { ...base.head, gcFloor: future });
    await world.flush([world.commit({ a: '1' })], { inlineLimitBytes: 0 });
    const { head } = await world.flush([world.commit({ b: '1' })], { inlineLimitBytes: 0 });
    const [newer, older] = head.l0.map(({ id }) => id) as [Ulid, Ulid];
    expect(older > future && newer > older).toBe(true);
  });

  it('takes another id when its first is taken by another writer', async () => {
    const world = new EngineWorld();
    await world.claim();
    const floor: Ulid = '7' + 'z'.repeat(20) + '00000';
    const taken: Ulid = '7' + 'z'.repeat(20) + '00001';
    const base = await world.load();
    await world.heads.swap(base, { ...base.head, gcFloor: floor });
    await world.memory.put(bucketLayout.sst(DATABASE, taken), new Uint8Array(1), 'create');
    const { head } = await world.flush([world.commit({ a: '1' })], { inlineLimitBytes: 0 });
    expect(head.l0.map(({ id }) => id)).toEqual(['7' + 'z'.repeat(20) + '00002']);
    expect(texts((await world.view(head).scan({ limit: 1 })).entries)).toEqual(['a=1']);
  });

  it('uploads once when the answers of the upload and of the swap are lost', async () => {
    const world = new EngineWorld();
    await world.claim();
    world.faulty.next('put', 'fail-after', 'none', 'fail-after');
    const { head } = await world.flush([world.commit({ a: '1' })], { inlineLimitBytes: 0 });
    expect(head.trail.edits).toBe(2);
    expect(await filesOf(world)).toBe(1);
    expect((await world.load()).head.l0).toHaveLength(1);
  });
});
