import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, toHex, utf8 } from '@leasehold/foundation';

import type { StoredObject } from '../object-store.js';
import { objectPath } from './file-names.js';
import { FolderStore } from './folder-store.js';

describe('folder store', () => {
  let directory: string;
  const opened: FolderStore[] = [];
  const open = async (path = directory): Promise<FolderStore> => {
    const store = await FolderStore.open(path, systemClock);
    opened.push(store);
    return store;
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leasehold-folder-'));
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('finds everything as it was when it is opened again', async () => {
    const store = await open();
    await store.put('db/a/head', utf8('first'), 'create');
    await store.put('db/a/head/below', utf8('below'), 'create');
    await store.put('empty', new Uint8Array(0), 'create');
    const { objects } = await store.list('');
    await store.close();

    const again = await open();
    expect(again.objects).toBe(3);
    expect((await again.list('')).objects).toEqual(objects);
    expect(await again.get('db/a/head')).toMatchObject({ body: Buffer.from('first'), etag: objects[0]?.etag });
    expect(
      await again.put('db/a/head', utf8('second'), { match: (objects[0] as { etag: string }).etag }),
    ).toMatchObject({ outcome: 'done' });
  });

  it('creates its folder with the folders above', async () => {
    const store = await open(join(directory, 'some', 'where'));
    expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'done' });
  });

  it('refuses a folder that is in use, and says by whom', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      code: 'folder-unusable',
      message: `the bucket folder ${directory} is in use by process ${process.pid}`,
    });
    await first.close();
    await open();
  });

  it('says that it is not writable where a folder cannot be', async () => {
    await writeFile(join(directory, 'file'), 'x');
    await expect(open(join(directory, 'file', 'bucket'))).rejects.toMatchObject({
      code: 'folder-unusable',
      message: expect.stringMatching(/is not writable \(ENOTDIR\)$/),
    });
  });

  it('says that it is not writable without the right to write', async () => {
    await chmod(directory, 0o555);
    // Root may write anywhere, so root tries as somebody who owns nothing.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(open()).rejects.toThrow(/is not writable \(EACCES\)$/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  (process.platform === 'linux' ? it : it.skip)('opens on a full disk, so that deletions can make room', async () => {
    await symlink('/dev/full', join(directory, 'lock'));
    await open();
    await expect(open()).rejects.toThrow(/is in use by/);
  });

  it('removes what a killed put left behind', async () => {
    await (await open()).close();
    await writeFile(join(directory, 'incoming', '17'), 'half an obj');
    const store = await open();
    expect(await readdir(join(directory, 'incoming'))).toEqual([]);
    expect((await store.list('')).objects).toEqual([]);
  });

  it('removes directories that deletions left empty', async () => {
    const store = await open();
    await store.put('a/b/c', utf8('x'), 'create');
    await store.put('a/d', utf8('x'), 'create');
    await store.delete('a/b/c');
    await store.close();
    await open();
    expect(await readdir(join(directory, 'objects', 'a'))).toEqual(['d.o']);
  });

  it('ignores files of other programs', async () => {
    await (await open()).close();
    await writeFile(join(directory, 'objects', '.DS_Store'), 'x');
    expect((await open()).objects).toBe(0);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['is cut short', (path) => truncate(path, 40)],
    ['has no whole header', (path) => truncate(path, 10)],
    ['is empty', (path) => truncate(path, 0)],
    ['has another magic', (path) => writeFile(path, Buffer.alloc(60, 'x'))],
  ])('refuses to open when an object file %s', async (_, damage) => {
    const store = await open();
    await store.put('a', utf8('content'), 'create');
    await store.close();
    await damage(join(directory, 'objects', objectPath('a')));
    await expect(open()).rejects.toMatchObject({ kind: 'corrupt', message: expect.stringContaining('a.o') });
    // A failed open holds no lock.
    await rm(join(directory, 'objects', 'a.o'));
    await open();
  });

  it('writes header and body as documented', async () => {
    const store = await open();
    await store.put('a', utf8('content'), 'create');
    const [listed] = (await store.list('')).objects;
    const { readFile } = await import('node:fs/promises');
    const file = await readFile(join(directory, 'objects', 'a.o'));
    expect(file.byteLength).toBe(37 + 7);
    expect(file.toString('latin1', 0, 4)).toBe('LHOB');
    expect(file.readUInt8(4)).toBe(1);
    expect(file.readUIntBE(5, 6)).toBe(7);
    expect(file.readUIntBE(11, 6)).toBe(listed?.lastModifiedAt);
    expect(toHex(file.subarray(17, 33))).toBe(listed?.etag);
    expect(file.toString('latin1', 37)).toBe('content');
  });

  it('keeps every object inside of its folder', async () => {
    const store = await open(join(directory, 'bucket'));
    for (const key of ['../escaped', '../../escaped', '/escaped', 'a/../../../escaped'])
      await store.put(key, utf8(key), 'create');
    expect(await readdir(directory)).toEqual(['bucket']);
    expect((await stat(join(directory, 'bucket'))).isDirectory()).toBe(true);
  });

  it('answers unknown, changes nothing and goes on when a put cannot be written', async () => {
    const store = await open();
    await store.put('a', utf8('first'), 'create');
    const { etag } = (await store.get('a')) as StoredObject;
    await rm(join(directory, 'incoming'), { recursive: true });
    expect(await store.put('a', utf8('second'), { match: etag })).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'ENOENT' },
    });
    expect(await store.get('a')).toMatchObject({ etag, body: Buffer.from('first') });
    await mkdir(join(directory, 'incoming'));
    expect(await store.put('a', utf8('second'), { match: etag })).toMatchObject({ outcome: 'done' });
  });

  it('gives a file that vanished under it as unavailable, not as absent', async () => {
    const store = await open();
    await store.put('a', utf8('x'), 'create');
    await rm(join(directory, 'objects', 'a.o'));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('finishes what has begun when it is closed, and takes nothing new', async () => {
    const store = await open();
    const begun = store.put('a', utf8('x'), 'create');
    await store.close();
    const outcome = (await begun).outcome;
    expect(await store.put('b', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(store.list('')).rejects.toMatchObject({ code: 'store-unavailable' });
    const again = await open();
    expect((await again.get('a')) !== undefined).toBe(outcome === 'done');
  });
});
