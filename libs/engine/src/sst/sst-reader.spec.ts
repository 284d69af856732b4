import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { CorruptBytesError, seededRandom, utf8 } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { READS_OF_DAMAGED } from '@leasehold/object-store';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import { putEntry } from '../entry.js';
import type { SstRef } from '../format/sst-ref.js';
import { BlockCache } from './block-cache.js';
import { MissingFileError } from './missing-file-error.js';
import type { SecondaryCache } from './secondary-cache.js';
import { SstBuilder } from './sst-builder.js';
import { SCAN_FETCH } from './sst-cursor.js';
import { NOT_IN_MEMORY, SstReader } from './sst-reader.js';

const FILE_ID = '01jd00000000000000000000f1';
const KEYS = 200;
const OTHER = 'c4a1e2d3-0000-4000-8000-5f6e7d8c9b0a' as DatabaseId;
const LATEST = Number.MAX_SAFE_INTEGER;

const VALUES = (() => {
  const random = seededRandom(4);
  return Array.from({ length: KEYS }, () => random.bytes(1_000));
})();

function key(i: number): Uint8Array {
  return utf8(`key-${String(i).padStart(5, '0')}`);
}

/** On disk as it were: a map. */
class MapCache implements SecondaryCache {
  readonly items = new Map<string, Uint8Array>();
  gets = 0;

  async get(name: string): Promise<Uint8Array | undefined> {
    this.gets++;
    return this.items.get(name);
  }

  put(name: string, bytes: Uint8Array): void {
    this.items.set(name, bytes);
  }
}

describe('a reader of a file', () => {
  let world: EngineWorld;
  let ref: SstRef;

  /** Of some fifteen blocks that do not compress. */
  async function publish(databaseId: DatabaseId, id: string): Promise<SstRef> {
    const builder = new SstBuilder(databaseId);
    for (let i = 0; i < KEYS; i++)
      builder.add(putEntry(key(i), { epoch: 1, sequence: i + 1 }, VALUES[i] as Uint8Array));
    const built = builder.finish(id, new Uint8Array(16));
    await world.memory.put(bucketLayout.sst(databaseId, id), built.bytes, 'create');
    return built.ref;
  }

  beforeEach(async () => {
    world = new EngineWorld();
    ref = await publish(DATABASE, FILE_ID);
  });

  function reader(cache: BlockCache | undefined, of: SstRef = ref): SstReader {
    return new SstReader({ store: world.store, cache }, DATABASE, of);
  }

  function roomy(secondary?: SecondaryCache): BlockCache {
    return new BlockCache(16 * 1024 * 1024, { secondary });
  }

  async function scan(from: SstReader, reverse = false): Promise<number> {
    const cursor = from.cursor({}, { reverse, ...SCAN_FETCH });
    let count = 0;
    for (await cursor.start(); cursor.entry !== undefined; await cursor.advance()) count++;
    return count;
  }

  it('answers without a promise what it has read once, through any reader of the same cache', async () => {
    const cache = roomy();
    expect(reader(cache).find(key(7), LATEST, undefined)).toBe(NOT_IN_MEMORY);
    expect((await reader(cache).get(key(7)))?.version.sequence).toBe(8);
    expect(reader(cache).find(key(7), LATEST, undefined)).toMatchObject({ version: { sequence: 8 } });
    expect(reader(cache).find(key(7), 7, undefined)).toBeUndefined();
    expect(reader(cache).find(key(150), LATEST, undefined)).toBe(NOT_IN_MEMORY);
  });

  it('asks the store once for what many ask for at the same time', async () => {
    const cache = roomy();
    await Promise.all(Array.from({ length: 20 }, () => reader(cache).get(key(7))));
    expect(world.takeCalls()).toEqual({ get: 2 });
  });

  it('reads ahead once it is missed often, and never so that anything goes out', async () => {
    const missAll = async (cache: BlockCache): Promise<number> => {
      world.takeCalls();
      for (let i = 0; i < KEYS; i += 7) await reader(cache, wide).get(key(i * 5));
      return world.takeCalls().get ?? 0;
    };
    const builder = new SstBuilder(DATABASE);
    for (let i = 0; i < KEYS * 5; i++)
      builder.add(putEntry(key(i), { epoch: 1, sequence: i + 1 }, VALUES[i % KEYS] as Uint8Array));
    const built = builder.finish(FILE_ID.replace('f1', 'f4'), new Uint8Array(16));
    await world.memory.put(bucketLayout.sst(DATABASE, built.ref.id), built.bytes, 'create');
    const wide = built.ref;
    const cold = roomy();
    for (let i = 0; i < 8; i++) await reader(cold, wide).get(key(i * 20));
    expect(world.takeCalls()).toEqual({ get: 9 });
    expect(cold.sizeBytes).toBeLessThan(9 * 20_000);
    expect(await missAll(roomy())).toBeLessThan(25);
    const small = new BlockCache(512 * 1024);
    expect(await missAll(small)).toBeGreaterThan(28);
  });

  it('keeps working when the cache is too small for anything', async () => {
    const cache = new BlockCache(100);
    const small = reader(cache);
    expect((await small.get(key(7)))?.version.sequence).toBe(8);
    expect(await scan(small)).toBe(KEYS);
    expect(await scan(small, true)).toBe(KEYS);
    expect(cache.sizeBytes).toBe(0);
  });

  it('finds a file in the folder of another database', async () => {
    const elsewhere = { ...(await publish(OTHER, FILE_ID.replace('f1', 'f2'))), folder: OTHER };
    for (const cache of [undefined, roomy()])
      expect((await reader(cache, elsewhere).get(key(3)))?.version.sequence).toBe(4);
    await expect(reader(undefined, { ...elsewhere, folder: undefined }).get(key(3))).rejects.toThrow(MissingFileError);
  });

  it('finds each of many versions of one key, which fill several blocks', async () => {
    const builder = new SstBuilder(DATABASE);
    const versions = 60;
    for (let i = versions; i > 0; i--)
      builder.add(putEntry(utf8('hot'), { epoch: 1, sequence: i }, VALUES[i] as Uint8Array));
    builder.add(putEntry(utf8('later'), { epoch: 1, sequence: 1 }, utf8('x')));
    const built = builder.finish(FILE_ID.replace('f1', 'f3'), new Uint8Array(16));
    await world.memory.put(bucketLayout.sst(DATABASE, built.ref.id), built.bytes, 'create');
    const cached = reader(roomy(), built.ref);
    expect((await cached.map()).index.count).toBeGreaterThan(3);
    for (let through = versions + 1; through > 0; through--) {
      const expected = Math.min(through, versions);
      expect((await cached.get(utf8('hot'), through))?.version.sequence).toBe(expected);
      expect(cached.find(utf8('hot'), through, undefined)).toMatchObject({ version: { sequence: expected } });
    }
    expect(await cached.get(utf8('hot'), 0)).toBeUndefined();
    expect((await cached.get(utf8('later')))?.version.sequence).toBe(1);
  });

  describe('what comes damaged', () => {
    /** The bucket, of which the first answers come with one bit of their middle flipped. */
    function damaging(answers: number): { readonly get: ObjectStore['get']; readonly gets: () => number } {
      let gets = 0;
      return {
        gets: () => gets,
        get: async (name, options) => {
          const object = await world.store.get(name, options);
          if (++gets > answers || object === undefined || object === 'not-modified') return object;
          const body = Uint8Array.from(object.body);
          body[body.byteLength >>> 1] = (body[body.byteLength >>> 1] as number) ^ 1;
          return { ...object, body };
        },
      };
    }
    const readerOver = ({ get }: Pick<ObjectStore, 'get'>, cache = roomy()): SstReader =>
      new SstReader({ store: { ...world.store, get }, cache }, DATABASE, ref);

    it('on its way is read again', async () => {
      const store = damaging(2);
      const read = readerOver(store);
      expect((await read.get(key(7)))?.value).toEqual(VALUES[7]);
      expect(store.gets()).toBe(4);
      expect(await scan(readerOver(damaging(1)))).toBe(KEYS);
      expect(
        await scan(new SstReader({ store: { ...world.store, get: damaging(1).get }, cache: undefined }, DATABASE, ref)),
      ).toBe(KEYS);
    });

    it('does not come into the second level', async () => {
      const secondary = new MapCache();
      await readerOver(damaging(2), roomy(secondary)).get(key(7));
      expect((await reader(roomy(secondary)).get(key(7)))?.value).toEqual(VALUES[7]);
      expect(world.calls.length).toBe(4);
    });

    it('every time is damage', async () => {
      const store = damaging(100);
      await expect(readerOver(store).get(key(7))).rejects.toThrow(CorruptBytesError);
      expect(store.gets()).toBe(READS_OF_DAMAGED);
    });
  });

  describe('with a second level', () => {
    it('fills it with what comes from the store, and asks it before the store', async () => {
      const secondary = new MapCache();
      expect(await scan(reader(roomy(secondary)))).toBe(KEYS);
      expect(secondary.items.size).toBeGreaterThan(10);
      expect(secondary.items.has(`${DATABASE}/${FILE_ID}#tail`)).toBe(true);
      world.takeCalls();
      expect(await scan(reader(roomy(secondary)))).toBe(KEYS);
      expect((await reader(roomy(secondary)).get(key(99)))?.version.sequence).toBe(100);
      expect(world.takeCalls()).toEqual({});
    });

    it('goes to the store, and mends it, where it is damaged', async () => {
      const secondary = new MapCache();
      await scan(reader(roomy(secondary)));
      const whole = new Map(secondary.items);
      for (const [name, bytes] of whole) {
        const damaged = Uint8Array.from(bytes);
        damaged[bytes.byteLength >>> 1] = (damaged[bytes.byteLength >>> 1] as number) ^ 1;
        secondary.items.set(name, damaged);
      }
      expect(await scan(reader(roomy(secondary)))).toBe(KEYS);
      for (const [name, bytes] of whole) expect(Buffer.compare(secondary.items.get(name) as Uint8Array, bytes)).toBe(0);
    });

    it('does not take the tail of another file for the right one', async () => {
      const secondary = new MapCache();
      const otherRef = await publish(OTHER, FILE_ID.replace('f1', 'f2'));
      await new SstReader({ store: world.store, cache: roomy(secondary) }, OTHER, otherRef).map();
      const foreign = secondary.items.get(`${OTHER}/${otherRef.id}#tail`) as Uint8Array;
      secondary.items.set(`${DATABASE}/${FILE_ID}#tail`, foreign);
      expect((await reader(roomy(secondary)).get(key(3)))?.version.sequence).toBe(4);
    });

    it('goes to the store when it fails', async () => {
      const secondary: SecondaryCache = {
        get: () => Promise.reject(new Error('disk is gone')),
        put: () => undefined,
      };
      expect((await reader(roomy(secondary)).get(key(3)))?.version.sequence).toBe(4);
      expect(world.takeCalls()).toEqual({ get: 2 });
    });

    it('does not hide that the bucket itself is damaged', async () => {
      const name = bucketLayout.sst(DATABASE, FILE_ID);
      const object = await world.memory.get(name);
      if (object === undefined || object === 'not-modified') throw new Error('file is missing');
      const damaged = Uint8Array.from(object.body);
      damaged[100] = (damaged[100] as number) ^ 1;
      await world.memory.delete(name);
      await world.memory.put(name, damaged, 'create');
      const secondary = new MapCache();
      await expect(reader(roomy(secondary)).get(key(0))).rejects.toThrow(CorruptBytesError);
      expect([...secondary.items.keys()]).toEqual([`${DATABASE}/${FILE_ID}#tail`]);
    });
  });

  it('stays within the memory that its cache was given, under gets and scans of more than that', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = async (): Promise<number> => {
      // What died during one collection is freed by the next, and some of it by a task in between.
      for (let i = 0; i < 3; i++) {
        collect();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const files: SstRef[] = [];
    for (let i = 10; i < 60; i++) files.push(await publish(DATABASE, FILE_ID.replace('f1', String(i))));
    // 10 MB of files.
    const cache = new BlockCache(4 * 1024 * 1024);
    const readers = files.map((file) => reader(cache, file));
    const before = await used();
    for (const each of readers) await scan(each);
    for (let i = 0; i < 3_000; i++) await (readers[(i * 7) % readers.length] as SstReader).get(key((i * 31) % KEYS));
    world.calls.length = 0;
    const taken = (await used()) - before;
    expect(cache.sizeBytes).toBeGreaterThan(3.9 * 1024 * 1024);
    // A tenth for what else a test process does.
    expect(taken).toBeLessThan(4 * 1024 * 1024 * 1.1);
  });
});
