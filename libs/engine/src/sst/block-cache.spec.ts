import type { DatabaseId } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import type { Block } from '../format/sst-block.js';
import { BlockCache } from './block-cache.js';
import type { CachedFile } from './cache-slot.js';
import { SLOT_OVERHEAD_BYTES } from './cache-slot.js';

/** Takes this much with its slot. */
const BLOCK_BYTES = 1_000;
const BLOCK = { sizeBytes: BLOCK_BYTES - SLOT_OVERHEAD_BYTES } as Block;

const ID = '01jd00000000000000000000f1';

function database(n: number): DatabaseId {
  return `0b8f2a5e-1d3c-4e6f-8a9b-${String(n).padStart(12, '0')}` as DatabaseId;
}

function cacheOf(blocks: number): BlockCache {
  return new BlockCache(blocks * BLOCK_BYTES, { minShareBytes: 2 * BLOCK_BYTES });
}

/** Reads a block as a reader does: from memory, else loaded. */
function read(cache: BlockCache, file: CachedFile, block: number): boolean {
  if (file.block(block) !== undefined) return true;
  cache.put(file, block, BLOCK);
  return false;
}

function held(file: CachedFile, blocks: number): number[] {
  return Array.from({ length: blocks }, (_, i) => i).filter((i) => file.holds(i));
}

describe('the block cache', () => {
  it('drops what was not used since it came, oldest first, when it is full', () => {
    const cache = cacheOf(3);
    const file = cache.file(database(1), database(1), ID);
    for (const block of [0, 1, 2]) read(cache, file, block);
    expect(read(cache, file, 0)).toBe(true);
    read(cache, file, 3);
    expect(held(file, 4)).toEqual([0, 2, 3]);
    expect(cache.sizeBytes).toBe(3 * BLOCK_BYTES);
    read(cache, file, 4);
    expect(held(file, 5)).toEqual([0, 3, 4]);
  });

  it('counts what was found, and what had to be fetched for somebody', () => {
    const cache = cacheOf(3);
    const file = cache.file(database(1), database(1), ID);
    const other = cache.file(database(2), database(2), ID);
    for (const block of [0, 0, 1, 0]) read(cache, file, block);
    read(cache, other, 0);
    // Ahead of every read.
    cache.putAhead(other, 1, BLOCK);
    expect(cache.tally).toEqual({ hits: 2, misses: 3 });
    // What is let go is still counted.
    for (const block of [2, 3, 4]) read(cache, file, block);
    expect(cache.tally).toEqual({ hits: 2, misses: 6 });
  });

  it('never holds more than its bound, not even one large thing', () => {
    const cache = cacheOf(3);
    const file = cache.file(database(1), database(1), ID);
    read(cache, file, 0);
    cache.put(file, 1, { sizeBytes: 3 * BLOCK_BYTES } as Block);
    expect(file.block(1)).toBeUndefined();
    expect(cache.sizeBytes).toBe(BLOCK_BYTES);
  });

  it('counts a block once, however often it is put', () => {
    const cache = cacheOf(3);
    const file = cache.file(database(1), database(1), ID);
    cache.put(file, 0, BLOCK);
    cache.put(file, 0, BLOCK);
    expect(cache.sizeBytes).toBe(BLOCK_BYTES);
  });

  it('keeps what is read again and again through a scan ten times its size', () => {
    const cache = cacheOf(50);
    const hot = cache.file(database(1), database(1), ID);
    const scanned = cache.file(database(1), database(1), ID.replace('f1', 'f2'));
    for (let block = 0; block < 20; block++) read(cache, hot, block);
    let hits = 0;
    for (let block = 0; block < 500; block++) {
      read(cache, scanned, block);
      if (read(cache, hot, block % 20)) hits++;
    }
    expect(hits).toBe(500);
  });

  it('lets a database that reads everything push out its own blocks, not those of the others', () => {
    const cache = cacheOf(100);
    const quiet = Array.from({ length: 4 }, (_, n) => cache.file(database(n), database(n), ID));
    for (const file of quiet) for (let block = 0; block < 10; block++) read(cache, file, block);
    const greedy = cache.file(database(9), database(9), ID);
    let misses = 0;
    for (let block = 0; block < 10_000; block++) {
      read(cache, greedy, block);
      // Each of the others is active now and then, and reads all that it has.
      if (block % 5 === 0) for (const file of quiet) if (!read(cache, file, (block / 5) % 10)) misses++;
    }
    expect(misses).toBe(0);
    expect(cache.bytesOf(database(9))).toBe(60 * BLOCK_BYTES);
  });

  it('gives the room of databases that are idle to those that are not', () => {
    const cache = cacheOf(100);
    for (let n = 0; n < 100; n++) read(cache, cache.file(database(n), database(n), ID), 0);
    const active = cache.file(database(200), database(200), ID);
    for (let round = 0; round < 5; round++) for (let block = 0; block < 90; block++) read(cache, active, block);
    expect(held(active, 90)).toHaveLength(90);
    expect(cache.sizeBytes).toBe(100 * BLOCK_BYTES);
  });

  it('shares its room among thousands of databases, all of them active', () => {
    const cache = new BlockCache(1_000 * BLOCK_BYTES);
    for (let round = 0; round < 3; round++)
      for (let n = 0; n < 5_000; n++) read(cache, cache.file(database(n), database(n), ID), round);
    expect(cache.sizeBytes).toBeLessThanOrEqual(1_000 * BLOCK_BYTES);
    const largest = Math.max(...Array.from({ length: 5_000 }, (_, n) => cache.bytesOf(database(n))));
    expect(largest).toBeLessThanOrEqual(3 * BLOCK_BYTES);
  });

  it('finds a file under its name while it holds something of it, and charges who came first', () => {
    const cache = cacheOf(2);
    const file = cache.file(database(1), database(1), ID);
    read(cache, file, 0);
    expect(cache.file(database(2), database(1), ID)).toBe(file);
    expect(cache.bytesOf(database(2))).toBe(0);
    const other = cache.file(database(3), database(3), ID);
    for (const block of [0, 1, 2]) read(cache, other, block);
    expect(file.isEmpty).toBe(true);
    expect(cache.bytesOf(database(1))).toBe(0);
    expect(cache.file(database(2), database(1), ID)).not.toBe(file);
  });

  it('takes back a file that it had forgotten', () => {
    const cache = cacheOf(1);
    const [a, b] = [1, 2].map((n) => cache.file(database(n), database(n), ID)) as [CachedFile, CachedFile];
    read(cache, a, 0);
    read(cache, b, 0);
    expect([a.isEmpty, b.isEmpty]).toEqual([true, false]);
    read(cache, a, 1);
    expect(a.block(1)).toBe(BLOCK);
    expect(cache.sizeBytes).toBe(BLOCK_BYTES);
  });

  it('loads once for all who ask at the same time, and does not remember a failure', async () => {
    const cache = cacheOf(1);
    let loads = 0;
    const load = async (): Promise<number> => ++loads;
    expect(await Promise.all([cache.once('a', load), cache.once('a', load)])).toEqual([1, 1]);
    await expect(cache.once('b', () => Promise.reject(new Error('store is away')))).rejects.toThrow('away');
    expect(await cache.once('b', load)).toBe(2);
  });
});
