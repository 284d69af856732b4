import { bucketLayout } from '@leasehold/bucket-layout';
import type { Ulid } from '@leasehold/foundation';
import { CorruptBytesError, utf8, VERSION_ZERO } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld, memtableOf, text, texts } from '../../testing/engine-world.js';
import { compactDatabase } from '../compaction/compact-database.js';
import type { SstRef } from '../format/sst-ref.js';
import { Memtable } from '../memtable/memtable.js';
import { BlockCache } from '../sst/block-cache.js';
import { MissingFileError } from '../sst/missing-file-error.js';
import { STEPS_PER_TURN } from './merge.js';
import { View } from './view.js';

const TO_FILE = { inlineLimitBytes: 0 };

/** `a` in L1, `b` in the older and `c` in the newer L0 file, `d` inline, `e` in the memtable; each layer overwrites `x`. */
async function layered(): Promise<{ world: EngineWorld; view: View }> {
  const world = new EngineWorld();
  await world.claim();
  await world.flush([world.commit({ a: '1', x: '1', gone: '1' })], TO_FILE);
  await compactDatabase(world.ctx, DATABASE, { l0Files: 1, targetFileBytes: 1 });
  await world.flush([world.commit({ b: '2', x: '2' })], TO_FILE);
  await world.flush([world.commit({ c: '3', x: '3', gone: undefined })], TO_FILE);
  const { head } = await world.flush([world.commit({ d: '4', x: '4' })]);
  expect([head.l1.length, head.l0.length, head.inline.length]).toEqual([3, 2, 2]);
  return { world, view: world.view(head, memtableOf([world.commit({ e: '5', x: '5' })])) };
}

describe('a view', () => {
  it('of a database without a head is empty', async () => {
    const world = new EngineWorld();
    const view = world.view(undefined);
    expect(view.version).toEqual(VERSION_ZERO);
    expect(await view.get(utf8('a'))).toBeUndefined();
    expect(await view.scan({ limit: 10 })).toEqual({ entries: [], more: false });
    expect(world.takeCalls()).toEqual({});
  });

  it('finds each key in its layer and the newest version of all', async () => {
    const { view } = await layered();
    const found = await Promise.all(['a', 'b', 'c', 'd', 'e', 'x'].map((key) => view.get(utf8(key))));
    expect(texts(found.map((entry) => entry as NonNullable<typeof entry>))).toEqual([
      'a=1',
      'b=2',
      'c=3',
      'd=4',
      'e=5',
      'x=5',
    ]);
    expect(await view.lookup(utf8('gone'))).toEqual({ entry: undefined, version: { epoch: 1, sequence: 3 } });
    expect(await view.get(utf8('never'))).toBeUndefined();
    expect(view.version).toEqual({ epoch: 1, sequence: 5 });
  });

  it('scans all layers as one, both ways, without what is deleted', async () => {
    const { view } = await layered();
    const expected = ['a=1', 'b=2', 'c=3', 'd=4', 'e=5', 'x=5'];
    expect(texts((await view.scan({ limit: 10 })).entries)).toEqual(expected);
    expect(texts((await view.scan({ limit: 10, reverse: true })).entries)).toEqual([...expected].reverse());
  });

  it('pages: says whether more may follow', async () => {
    const { view } = await layered();
    const page = await view.scan({ limit: 2, start: utf8('b'), end: utf8('x') });
    expect([texts(page.entries), page.more]).toEqual([['b=2', 'c=3'], true]);
    const rest = await view.scan({ limit: 2, start: utf8('d'), end: utf8('x') });
    expect([texts(rest.entries), rest.more]).toEqual([['d=4', 'e=5'], false]);
    const back = await view.scan({ limit: 2, start: utf8('b'), end: utf8('x'), reverse: true });
    expect([texts(back.entries), back.more]).toEqual([['e=5', 'd=4'], true]);
    expect((await view.scan({ limit: 2, start: utf8('x'), end: utf8('b') })).entries).toEqual([]);
    const short = await view.scan({ limit: 10, limitBytes: 3 });
    expect([texts(short.entries), short.more]).toEqual([['a=1', 'b=2'], true]);
  });

  it('does not see commits that came after it was made', async () => {
    const world = new EngineWorld();
    await world.claim();
    const { head } = await world.flush([world.commit({ a: '1', b: '1' })], TO_FILE);
    const memtable = memtableOf([world.commit({ b: '2' })]);
    const view = world.view(head, memtable);
    memtable.put(world.commit({ a: undefined, b: '3', c: '3' }));
    expect(texts((await view.scan({ limit: 10 })).entries)).toEqual(['a=1', 'b=2']);
    expect(text((await view.get(utf8('a')))?.value as Uint8Array)).toBe('1');
    expect(await view.get(utf8('c'))).toBeUndefined();
  });

  it('lets others have their turn while a scan passes a long run of dead keys in memory', async () => {
    const world = new EngineWorld();
    const memtable = new Memtable();
    const dead = 5 * STEPS_PER_TURN;
    for (let i = 0; i < dead; i++) memtable.put(world.commit({ [`dead-${i}`]: undefined }));
    memtable.put(world.commit({ last: 'alive' }));
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const page = await world.view(undefined, memtable).scan({ limit: 1 });
    isOver = true;
    expect(texts(page.entries)).toEqual(['last=alive']);
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  it('sees one version when a write joins the memtable in the middle of a scan', async () => {
    const world = new EngineWorld();
    await world.claim();
    const { head } = await world.flush([world.commit({ a: '1', z: '1' })], TO_FILE);
    const memtable = memtableOf([world.commit({ m: '1' })]);
    const scan = world.view(head, memtable).scan({ limit: 10 });
    memtable.put(world.commit({ b: '2', m: '2', z: undefined }));
    expect(texts((await scan).entries)).toEqual(['a=1', 'm=1', 'z=1']);
  });

  it('answers at once, without a promise or a request, from memory and from key ranges', async () => {
    const { world, view } = await layered();
    world.takeCalls();
    expect(view.lookup(utf8('x'))).toMatchObject({ entry: { value: utf8('5') }, version: { sequence: 5 } });
    expect(view.lookup(utf8('zzz'))).toEqual({ entry: undefined, version: undefined });
    expect(world.takeCalls()).toEqual({});
    expect(view.lookup(utf8('a'))).toBeInstanceOf(Promise);
    await view.lookup(utf8('a'));
    await view.lookup(utf8('b'));
    world.takeCalls();
    expect(view.lookup(utf8('a'))).toMatchObject({ entry: { value: utf8('1') }, version: { sequence: 1 } });
    expect(view.lookup(utf8('b'))).toMatchObject({ version: { sequence: 2 } });
    expect(world.takeCalls()).toEqual({});
  });

  describe('costs', () => {
    it('one request for a cold read of a database that fits into its head', async () => {
      const world = new EngineWorld();
      await world.claim();
      await world.flush([world.commit({ a: '1', b: undefined })]);
      world.takeCalls();
      const { head } = await world.load();
      expect(text((await world.view(head).get(utf8('a')))?.value as Uint8Array)).toBe('1');
      expect(await world.view(head).get(utf8('absent'))).toBeUndefined();
      expect(world.takeCalls()).toEqual({ get: 1 });
    });

    it('three requests for a cold read of a large one: head, index and filter, block', async () => {
      const world = await large();
      world.takeCalls();
      const { head } = await world.load();
      const entry = await coldView(world, head).get(utf8('key-00321'));
      expect(entry?.value.byteLength).toBe(1000);
      expect(world.takeCalls()).toEqual({ get: 3 });
    });

    it('two requests for an absent key of a large one, as the filter knows', async () => {
      const world = await large();
      world.takeCalls();
      const { head } = await world.load();
      expect(await coldView(world, head).get(utf8('key-00321-absent'))).toBeUndefined();
      expect(world.takeCalls()).toEqual({ get: 2 });
    });

    it('three round trips at most, however many files overlap', async () => {
      const world = new EngineWorld();
      await world.claim();
      for (const value of ['1', '2', '3']) await world.flush([world.commit({ a: value, k: value, z: value })], TO_FILE);
      const { head } = await world.load();
      let inFlight = 0;
      let waves = 0;
      const store: EngineWorld['store'] = {
        get: async (key, options) => {
          if (inFlight++ === 0) waves++;
          await new Promise((resolve) => setImmediate(resolve));
          inFlight--;
          return world.store.get(key, options);
        },
        put: () => Promise.reject(new Error('a read puts nothing')),
        delete: () => Promise.reject(new Error('a read deletes nothing')),
        list: () => Promise.reject(new Error('a read lists nothing')),
      };
      const view = new View({ head, memtables: [], files: { store, cache: new BlockCache(1024 * 1024) }, now: 0 });
      expect(text((await view.get(utf8('k')))?.value as Uint8Array)).toBe('3');
      expect(waves).toBe(2);
    });

    it('no request for a read of what is cached', async () => {
      const world = await large();
      const { head } = await world.load();
      const view = world.view(head);
      await view.get(utf8('key-00321'));
      await view.scan({ limit: 30, start: utf8('key-00400') });
      world.takeCalls();
      await view.get(utf8('key-00322'));
      await view.scan({ limit: 30, start: utf8('key-00400') });
      expect(world.takeCalls()).toEqual({});
    });

    it('few requests for a long scan: fetches grow', async () => {
      const world = await large();
      const { head } = await world.load();
      for (const reverse of [false, true]) {
        world.takeCalls();
        const page = await coldView(world, head).scan({ limit: 1000, reverse });
        expect(page.entries).toHaveLength(1000);
        expect(world.takeCalls().get).toBeLessThanOrEqual(8);
      }
    });

    it('one block for the first page of a short scan', async () => {
      const world = await large();
      const { head } = await world.load();
      world.takeCalls();
      const page = await coldView(world, head).scan({ limit: 3, start: utf8('key-00500') });
      expect(page.entries.map(({ key }) => text(key))).toEqual(['key-00500', 'key-00501', 'key-00502']);
      expect(world.takeCalls()).toEqual({ get: 2 });
    });
  });

  describe('of damaged files', () => {
    async function withFile(change: (bytes: Uint8Array, ref: SstRef) => Uint8Array | undefined): Promise<View> {
      const world = new EngineWorld();
      await world.claim();
      const { head } = await world.flush([world.commit({ a: '1' })], TO_FILE);
      const ref = head.l0[0] as SstRef;
      const key = bucketLayout.sst(DATABASE, ref.id);
      const object = await world.memory.get(key);
      if (object === undefined || object === 'not-modified') throw new Error('file is missing');
      const changed = change(Uint8Array.from(object.body), ref);
      await world.memory.delete(key);
      if (changed !== undefined) await world.memory.put(key, changed, 'create');
      return world.view(head);
    }

    it('asks for the newer head when one is gone (G2)', async () => {
      const view = await withFile(() => undefined);
      await expect(view.get(utf8('a'))).rejects.toThrow(MissingFileError);
      await expect(view.scan({ limit: 1 })).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('says so when a block, the tail or the length is wrong', async () => {
      const flip = (at: (ref: SstRef) => number) => (bytes: Uint8Array, ref: SstRef) => {
        bytes[at(ref)] = (bytes[at(ref)] as number) ^ 1;
        return bytes;
      };
      for (const change of [
        flip(() => 8),
        flip((ref) => ref.filterOffset + 3),
        flip((ref) => ref.indexOffset + 3),
        flip((ref) => ref.sizeBytes - 1),
        (bytes: Uint8Array) => bytes.subarray(1),
        (bytes: Uint8Array) => Buffer.concat([bytes, new Uint8Array(1)]),
      ]) {
        const view = await withFile(change);
        await expect(view.get(utf8('a'))).rejects.toThrow(CorruptBytesError);
      }
    });

    it('notices another file, or a file of another database, in its place', async () => {
      const other = new EngineWorld(2);
      await other.claim();
      const { head } = await other.flush([other.commit({ a: '2' })], TO_FILE);
      const foreign = await other.memory.get(bucketLayout.sst(DATABASE, head.l0[0]?.id as Ulid));
      if (foreign === undefined || foreign === 'not-modified') throw new Error('file is missing');
      const view = await withFile(() => foreign.body);
      await expect(view.get(utf8('a'))).rejects.toThrow(CorruptBytesError);
    });
  });
});

/** 2,000 keys with values of 1,000 bytes in one L1 file. */
async function large(): Promise<EngineWorld> {
  const world = new EngineWorld();
  await world.claim();
  const effects: Record<string, Uint8Array> = {};
  for (let i = 0; i < 2_000; i++) effects[`key-${String(i).padStart(5, '0')}`] = new Uint8Array(1000).fill(i);
  await world.flush([world.commit(effects)]);
  await compactDatabase(world.ctx, DATABASE, { l0Files: 1, targetFileBytes: 8 * 1024 * 1024 });
  return world;
}

function coldView(world: EngineWorld, head: ConstructorParameters<typeof View>[0]['head']): View {
  const files = { store: world.store, cache: new BlockCache(16 * 1024 * 1024) };
  return new View({ head, memtables: [], files, now: world.clock.now() });
}
