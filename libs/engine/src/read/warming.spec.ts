import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import { compactDatabase } from '../compaction/compact-database.js';
import { putEntry } from '../entry.js';
import type { Head } from '../format/head.js';
import { BlockCache } from '../sst/block-cache.js';
import { SstBuilder } from '../sst/sst-builder.js';
import type { SstSource } from '../sst/sst-reader.js';
import { SstReader } from '../sst/sst-reader.js';
import { View } from './view.js';
import type { Warming } from './warming.js';
import { adoptFiles, WARMING_FETCH_BYTES } from './warming.js';

const KEYS = 4_000;
const VALUE_BYTES = 1_000;
const COMPACTION = { l0Files: 1, targetFileBytes: 1024 * 1024 };
const OTHER = 'c4a1e2d3-0000-4000-8000-5f6e7d8c9b0a' as DatabaseId;

const FILE_ID = '01jd00000000000000000000f1';

const random = seededRandom(7);
const VALUES = Array.from({ length: KEYS }, () => random.bytes(VALUE_BYTES));

function name(i: number): string {
  return `key-${String(i).padStart(5, '0')}`;
}

/** Blocks do not compress, so that a count of bytes tells something. */
describe('an owner who adopts what a compaction has made', () => {
  let world: EngineWorld;
  let files: SstSource & { readonly cache: BlockCache };
  let before: Head;
  let after: Head;
  let now: number;

  beforeEach(async () => {
    world = new EngineWorld();
    files = { store: world.store, cache: world.cache };
    await world.claim();
    await writeAll();
    await compactDatabase(world.ctx, DATABASE, COMPACTION);
    before = (await world.load()).head;
    now = world.clock.now();
    // In between lie files of newer versions that nobody has read.
    await world.flush([world.commit({ [name(5)]: 'new', [name(KEYS - 5)]: 'new' })], { inlineLimitBytes: 0 });
    before = (await world.load()).head;
  });

  async function writeAll(): Promise<void> {
    for (let from = 0; from < KEYS; from += 1_000) {
      const effects = Object.fromEntries(VALUES.slice(from, from + 1_000).map((value, i) => [name(from + i), value]));
      await world.flush([world.commit(effects)], { inlineLimitBytes: 0 });
    }
  }

  async function compact(): Promise<void> {
    await compactDatabase(world.ctx, DATABASE, COMPACTION);
    after = (await world.load()).head;
    expect(after.l1.filter(({ id }) => before.l1.some((ref) => ref.id === id))).toHaveLength(before.l1.length - 2);
  }

  /** All of it, which replaces every file. */
  async function compactAll(): Promise<void> {
    await writeAll();
    await compactDatabase(world.ctx, DATABASE, COMPACTION);
    after = (await world.load()).head;
    expect(after.l1.some(({ id }) => before.l1.some((ref) => ref.id === id))).toBe(false);
  }

  function view(head: Head, cache = files.cache): View {
    return new View({ head, memtables: [], files: { ...files, cache }, now });
  }

  async function readAll(head: Head, from = 0, to = KEYS, cache = files.cache): Promise<void> {
    for (let i = from; i < to; i += 3) {
      const found = await view(head, cache).get(utf8(name(i)));
      const expected = head.lastCommit.sequence === 5 && (i === 5 || i === KEYS - 5) ? utf8('new') : VALUES[i];
      expect(Buffer.compare(found?.value ?? Buffer.of(), expected ?? Buffer.of())).toBe(0);
    }
  }

  function adopt(earlier?: Warming): Warming | undefined {
    return adoptFiles({ from: before, to: after, files, now, earlier });
  }

  /** Until it is let go, warming gets no request through; reads do. */
  function holdWarming(): () => void {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    for (let i = 0; i < 4; i++) void files.cache.warmingPermits.during(() => held);
    return letGo;
  }

  it('reads on from memory, after few large requests', async () => {
    await readAll(before);
    const residentBytes = files.cache.sizeBytes;
    await compactAll();
    world.takeCalls();
    await adopt()?.ended;
    const { get = 0 } = world.takeCalls();
    const storedBytes = after.l1.reduce((sum, ref) => sum + ref.sizeBytes, 0);
    expect(get).toBeLessThanOrEqual(2 * after.l1.length + Math.ceil(storedBytes / WARMING_FETCH_BYTES));
    await readAll(after);
    expect(world.takeCalls()).toEqual({});
    expect(files.cache.sizeBytes).toBeLessThanOrEqual(residentBytes * 1.02);
  });

  it('asks for nothing when nobody has read the database, or not lately', async () => {
    await compactAll();
    world.takeCalls();
    expect(adopt()).toBeUndefined();
    await readAll(before);
    now += 60_000;
    world.takeCalls();
    expect(adopt()).toBeUndefined();
    expect(world.takeCalls()).toEqual({});
  });

  it('answers from what the old files have in memory until the new ones are there', async () => {
    await readAll(before);
    await compact();
    world.takeCalls();
    const letGo = holdWarming();
    const warming = adopt();
    for (const i of [5, 100, KEYS - 5]) expect(view(after).lookup(utf8(name(i)))).not.toBeInstanceOf(Promise);
    await readAll(after);
    expect(world.takeCalls()).toEqual({});
    letGo();
    await warming?.ended;
    expect(world.takeCalls().get).toBeGreaterThan(2);
    await readAll(after);
    expect(world.takeCalls()).toEqual({});
  });

  it('brings no more than what was in memory: the keys that were read', async () => {
    await readAll(before, 0, 40);
    const residentBytes = files.cache.sizeBytes;
    await compactAll();
    world.calls.length = 0;
    await adopt()?.ended;
    const bytes = world.calls.splice(0).reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
    expect(bytes).toBeLessThanOrEqual(residentBytes);
    expect(files.cache.sizeBytes).toBeLessThanOrEqual(residentBytes * 1.05);
    await readAll(after, 0, 30);
    expect(world.takeCalls()).toEqual({});
    await readAll(after, KEYS - 100, KEYS - 90);
    expect(world.takeCalls().get).toBeGreaterThan(0);
  });

  it('takes nothing of the share of others, in a cache that is full', async () => {
    const cache = new BlockCache(4.5 * 1024 * 1024);
    files = { store: world.store, cache };
    const builder = new SstBuilder(OTHER);
    for (let i = 0; i < 500; i++)
      builder.add(putEntry(utf8(name(i)), { epoch: 1, sequence: 1 }, VALUES[i] as Uint8Array));
    const { bytes, ref } = builder.finish(FILE_ID, new Uint8Array(16));
    await world.memory.put(bucketLayout.sst(OTHER, FILE_ID), bytes, 'create');
    const other = new SstReader(files, OTHER, ref);
    for (let i = 0; i < 500; i++) await other.get(utf8(name(i)));
    await readAll(before);
    const [mine, theirs] = [cache.bytesOf(DATABASE), cache.bytesOf(OTHER)];
    expect(mine + theirs).toBeGreaterThan(4.4 * 1024 * 1024);
    await compactAll();
    await adopt()?.ended;
    // The tails come as with any read, and are less than a block.
    expect(cache.bytesOf(OTHER)).toBeGreaterThan(theirs - 20_000);
    expect(cache.bytesOf(DATABASE)).toBeLessThanOrEqual(mine);
    expect(cache.bytesOf(DATABASE)).toBeGreaterThan(mine * 0.8);
  });

  it('goes on with what an earlier adoption has left when the next comes', async () => {
    await readAll(before);
    await compactAll();
    world.takeCalls();
    const letGo = holdWarming();
    const first = adopt();
    const middle = after;
    await world.flush([world.commit({ [name(7)]: VALUES[7] })]);
    after = (await world.load()).head;
    const second = adoptFiles({ from: middle, to: after, files, now, earlier: first });
    await readAll(after);
    letGo();
    await first?.ended;
    await second?.ended;
    world.takeCalls();
    await readAll(after);
    expect(world.takeCalls()).toEqual({});
  });

  it('stops asking when it is stopped', async () => {
    await readAll(before);
    await compactAll();
    world.takeCalls();
    const letGo = holdWarming();
    const warming = adopt();
    warming?.stop();
    letGo();
    await warming?.ended;
    expect(world.takeCalls()).toEqual({});
    await readAll(after, 0, 10);
  });

  it('leaves failures to the reads', async () => {
    await readAll(before);
    await compactAll();
    let isDown = true;
    const store: SstSource['store'] = {
      get: (key, options) => (isDown ? Promise.reject(new Error('down')) : world.store.get(key, options)),
      put: () => Promise.reject(new Error('a read puts nothing')),
      delete: () => Promise.reject(new Error('a read deletes nothing')),
      list: () => Promise.reject(new Error('a read lists nothing')),
    };
    files = { store, cache: files.cache };
    await readAll(before);
    await adopt()?.ended;
    await expect(view(after).get(utf8(name(9)))).rejects.toThrow('down');
    isDown = false;
    await readAll(after, 0, 100);
  });

  it('brings the tail of what it has flushed, and only that', async () => {
    await readAll(before);
    await world.flush([world.commit({ [name(5)]: VALUES[5] })], { inlineLimitBytes: 0 });
    after = (await world.load()).head;
    world.takeCalls();
    await adopt()?.ended;
    expect(world.takeCalls()).toEqual({ get: 1 });
    await view(after).get(utf8(name(1_000)));
    expect(world.takeCalls()).toEqual({});
  });
});
