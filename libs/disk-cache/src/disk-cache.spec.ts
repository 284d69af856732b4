import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { systemClock, utf8 } from '@leasehold/foundation';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  DiskCache,
  MIN_CAPACITY_BYTES,
  VALUE_BYTES_LIMIT,
  type DiskCacheComponents,
  type DiskCacheSettings,
} from './disk-cache.js';
import { CacheDirectoryError, openNameless, prepareDirectory, type SlabFile } from './slab-file.js';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('DiskCache', () => {
  let directory: string;
  let caches: DiskCache[];
  /** Of the cache that was opened last. */
  let files: FileHandle[];

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lh-disk-cache-'));
    caches = [];
    files = [];
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await rm(directory, { recursive: true, force: true });
  });

  async function open(
    settings: Partial<DiskCacheSettings> = {},
    components: Partial<DiskCacheComponents> = {},
    wrap: (file: FileHandle) => SlabFile = (file) => file,
  ): Promise<DiskCache> {
    files = [];
    const cache = await DiskCache.open(
      { directory, capacityBytes: MIN_CAPACITY_BYTES, ...settings },
      {
        openFile: async (...where) => {
          const file = (await openNameless(...where)) as FileHandle;
          files.push(file);
          return wrap(file);
        },
        ...components,
      },
    );
    caches.push(cache);
    return cache;
  }

  /** Puts, and waits until the disk has it: what is read then comes from there. */
  async function putAll(cache: DiskCache, values: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const before = cache.stats().writtenBytes;
    let bytes = 0;
    for (const [name, value] of values) {
      cache.put(name, value);
      bytes += value.byteLength;
    }
    await until(() => cache.stats().writtenBytes - before >= bytes);
  }

  function randomValues(prefix: string, count: number, sizeBytes: number): Map<string, Uint8Array> {
    return new Map(Array.from({ length: count }, (_, n) => [`${prefix}/${n}`, randomBytes(sizeBytes)]));
  }

  async function diskBytes(): Promise<number> {
    const sizes = await Promise.all(files.map(async (file) => (await file.stat()).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  it('gives back exactly what was put, of every size from nothing to the largest', async () => {
    const cache = await open();
    const values = new Map<string, Uint8Array>();
    for (const size of [0, 1, 100, 16 * KIB, 16 * KIB + 1, VALUE_BYTES_LIMIT])
      values.set(`v${size}`, randomBytes(size));
    await putAll(cache, values);
    for (const [name, value] of values) expect(Buffer.compare((await cache.get(name)) ?? utf8('none'), value)).toBe(0);
    expect(await cache.get('unknown')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ hits: 6, misses: 1, damaged: 0, failed: 0, dropped: 0 });
  });

  it('has a value at once, before the disk has it', async () => {
    const cache = await open();
    cache.put('a', utf8('value'));
    expect(cache.stats().writtenBytes).toBe(0);
    expect(await cache.get('a')).toEqual(utf8('value'));
  });

  it('keeps to its capacity on disk, whatever is put, and has the newest', async () => {
    const cache = await open();
    for (let round = 0; round < 5; round++) await putAll(cache, randomValues(`round${round}`, 150, 64 * KIB));
    const last = randomValues('last', 100, 64 * KIB);
    await putAll(cache, last);
    expect(await diskBytes()).toBeLessThanOrEqual(MIN_CAPACITY_BYTES);
    expect(cache.stats().evictedSlabs).toBeGreaterThan(0);
    for (const [name, value] of last) expect(Buffer.compare((await cache.get(name)) as Uint8Array, value)).toBe(0);
    expect(await cache.get('round0/0')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ damaged: 0, failed: 0 });
  });

  it('keeps what is asked for when its turn to go has come', async () => {
    const cache = await open();
    const hot = randomValues('hot', 8, 16 * KIB);
    await putAll(cache, hot);
    for (let round = 0; round < 48; round++) {
      await putAll(cache, randomValues(`round${round}`, 32, 64 * KIB));
      for (const name of hot.keys()) await cache.get(name);
    }
    // 96 MiB went through a ring of 32 MiB.
    for (const [name, value] of hot) expect(Buffer.compare((await cache.get(name)) ?? utf8('none'), value)).toBe(0);
    expect(await cache.get('round0/0')).toBeUndefined();
  });

  it('drops what does not fit into the queue or is too large, and goes on', async () => {
    const cache = await open({ queueBytes: MIB });
    cache.put('too large', new Uint8Array(VALUE_BYTES_LIMIT + 1));
    cache.put('n'.repeat(2_000), utf8('value'));
    for (const [name, value] of randomValues('flood', 100, 64 * KIB)) cache.put(name, value);
    expect(cache.stats().dropped).toBe(2 + 84);
    await until(() => cache.stats().writtenBytes >= MIB);
    await putAll(cache, new Map([['after', utf8('value')]]));
    expect(await cache.get('after')).toEqual(utf8('value'));
    expect(await cache.get('too large')).toBeUndefined();
  });

  it('takes a damaged record for a miss, and keeps the value when it is put again', async () => {
    const cache = await open();
    const [name, value] = ['db/file:0-100', randomBytes(40)];
    await putAll(cache, new Map([[name, value]]));
    const file = await nonEmpty(files);
    const last = (await file.stat()).size - 1;
    await file.write(Buffer.of((value.at(-1) as number) ^ 1), 0, 1, last);
    expect(await cache.get(name)).toBeUndefined();
    expect(cache.stats()).toMatchObject({ damaged: 1, state: 'on' });
    await putAll(cache, new Map([[name, value]]));
    expect(Buffer.compare((await cache.get(name)) as Uint8Array, value)).toBe(0);
  });

  it('takes truncated files for misses', async () => {
    const cache = await open();
    const values = randomValues('v', 4, 16 * KIB);
    await putAll(cache, values);
    await Promise.all(files.map((file) => file.truncate(100)));
    for (const name of values.keys()) expect(await cache.get(name)).toBeUndefined();
    expect(cache.stats()).toMatchObject({ state: 'on', damaged: 4 });
  });

  it('lets a directory that is deleted under it be deleted', async () => {
    const cache = await open();
    await putAll(cache, new Map([['a', utf8('value')]]));
    await rm(directory, { recursive: true });
    await putAll(cache, new Map([['b', utf8('other')]]));
    expect([await cache.get('a'), await cache.get('b')]).toEqual([utf8('value'), utf8('other')]);
  });

  it('gives up a disk that keeps failing, once, and is a miss from then on', async () => {
    const off: unknown[] = [];
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const broken = (file: FileHandle): SlabFile => ({
      read: file.read.bind(file),
      writev: () => Promise.reject(full),
      close: () => file.close(),
    });
    const cache = await open({}, { onOff: (cause) => off.push(cause) }, broken);
    for (let n = 0; n < 100; n++) {
      cache.put(`v${n}`, utf8('value'));
      await systemClock.sleep(1);
      expect(await cache.get(`v${n - 1}`)).toBeUndefined();
    }
    expect(off).toEqual([full]);
    expect(cache.stats().state).toBe('off');
    expect(await cache.get('v99')).toBeUndefined();
  });

  it('survives single faults of the disk', async () => {
    let calls = 0;
    const flaky = (file: FileHandle): SlabFile => ({
      read: ((...args: Parameters<FileHandle['read']>) =>
        ++calls % 4 === 0 ? Promise.reject(new Error('EIO')) : file.read(...args)) as FileHandle['read'],
      writev: file.writev.bind(file),
      close: () => file.close(),
    });
    const cache = await open({}, {}, flaky);
    const values = randomValues('v', 20, KIB);
    await putAll(cache, values);
    let found = 0;
    for (const [name, value] of values) {
      const read = await cache.get(name);
      if (read === undefined) continue;
      found++;
      expect(Buffer.compare(read, value)).toBe(0);
    }
    expect([found, cache.stats().failed, cache.stats().state]).toEqual([15, 5, 'on']);
  });

  it('does not wait for a disk that hangs, neither to read nor to close', async () => {
    const hanging = (file: FileHandle): SlabFile => ({
      read: (() => new Promise(() => undefined)) as FileHandle['read'],
      writev: file.writev.bind(file),
      close: () => new Promise(() => undefined),
    });
    const cache = await open({ readTimeoutMs: 20 }, {}, hanging);
    const values = randomValues('v', 200, 100);
    await putAll(cache, values);
    const startedAt = performance.now();
    const read = await Promise.all([...values.keys()].map((name) => cache.get(name)));
    expect(read.every((value) => value === undefined)).toBe(true);
    await cache.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await Promise.all(files.map((file) => file.close()));
  });

  it('never gives the bytes of another name when two names have one hash', async () => {
    const cache = await open({}, { hashName: () => ({ high: 1, low: 2 }) });
    await putAll(cache, new Map([['a', utf8('of a')]]));
    expect(await cache.get('b')).toBeUndefined();
    expect(await cache.get('a')).toEqual(utf8('of a'));
    expect(cache.stats()).toMatchObject({ damaged: 0, state: 'on' });
  });

  it('closes while it writes, and is a miss from then on', async () => {
    const cache = await open();
    for (const [name, value] of randomValues('v', 100, 64 * KIB)) cache.put(name, value);
    await systemClock.sleep(1);
    const reading = cache.get('v/0');
    await Promise.all([cache.close(), cache.close()]);
    await reading;
    cache.put('late', utf8('value'));
    expect([await cache.get('v/1'), await cache.get('late'), cache.stats().state]).toEqual([
      undefined,
      undefined,
      'closed',
    ]);
    // Closed handles: reading through one would fail.
    await expect(files[0]?.stat()).rejects.toThrow();
  });

  it('starts empty, leaves no file behind, and deletes what a killed process left', async () => {
    await writeFile(path.join(directory, 'leasehold-cache-00ff'), 'left over');
    await writeFile(path.join(directory, 'notes.txt'), 'somebody else’s');
    const first = await open();
    await putAll(first, new Map([['a', utf8('value')]]));
    expect(await readdir(directory)).toEqual(['notes.txt']);
    await first.close();
    expect(await (await open()).get('a')).toBeUndefined();
  });

  it('shares its directory with another without seeing it', async () => {
    const [one, other] = [await open(), await open()];
    await putAll(one, new Map([['a', utf8('of one')]]));
    await putAll(other, new Map([['a', utf8('of other')]]));
    expect([await one.get('a'), await other.get('a')]).toEqual([utf8('of one'), utf8('of other')]);
  });

  it('opens while others, opening theirs in the same directory, delete what they take for left over', async () => {
    const opening = new AbortController();
    const others = Array.from({ length: 2 }, async () => {
      while (!opening.signal.aborted) await prepareDirectory(directory);
    });
    try {
      for (let n = 0; n < 20; n++) await (await open()).close();
    } finally {
      opening.abort();
      await Promise.all(others);
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it('refuses a directory that it cannot have, naming the reason', async () => {
    const file = path.join(directory, 'a-file');
    await writeFile(file, '');
    await expect(open({ directory: path.join(file, 'cache') })).rejects.toThrow(CacheDirectoryError);
    await expect(open({ directory: path.join(file, 'cache') })).rejects.toThrow(/cannot be used: ENOTDIR/);
    const failing = { openFile: () => Promise.reject(Object.assign(new Error('x'), { code: 'EMFILE' })) };
    await expect(open({}, failing)).rejects.toThrow(/EMFILE/);
  });
});

async function nonEmpty(files: readonly FileHandle[]): Promise<FileHandle> {
  for (const file of files) if ((await file.stat()).size > 0) return file;
  throw new Error('nothing was written');
}

async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms`);
    await systemClock.sleep(1);
  }
}
