import { describe, expect, it } from '@jest/globals';

import { BlockCache } from './block-cache.js';

describe('the block cache', () => {
  it('drops what was not used for longest when it is full', () => {
    const cache = new BlockCache(30);
    cache.put('a', 1, 10);
    cache.put('b', 2, 10);
    cache.put('c', 3, 10);
    expect(cache.get('a')).toBe(1);
    cache.put('d', 4, 10);
    expect(['a', 'b', 'c', 'd'].map((name) => cache.get(name))).toEqual([1, undefined, 3, 4]);
    expect(cache.sizeBytes).toBe(30);
  });

  it('never holds more than its bound, not even one large thing', () => {
    const cache = new BlockCache(30);
    cache.put('a', 1, 10);
    cache.put('huge', 2, 31);
    expect(cache.get('huge')).toBeUndefined();
    expect(cache.sizeBytes).toBe(10);
    cache.put('a', 3, 20);
    expect(cache.sizeBytes).toBe(20);
  });

  it('loads once for all who ask at the same time', async () => {
    const cache = new BlockCache(30);
    let loads = 0;
    const load = async (): Promise<{ value: number; sizeBytes: number }> => ({ value: ++loads, sizeBytes: 10 });
    expect(await Promise.all([cache.load('a', load), cache.load('a', load)])).toEqual([1, 1]);
    expect(cache.get('a')).toBe(1);
  });

  it('does not remember a failure', async () => {
    const cache = new BlockCache(30);
    await expect(cache.load('a', () => Promise.reject(new Error('store is away')))).rejects.toThrow('away');
    expect(await cache.load('a', async () => ({ value: 2, sizeBytes: 1 }))).toBe(2);
  });
});
