import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDataDirectory } from './data-directory.js';

describe('data directory', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lh-data-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('refuses a second supervisor until the first lets go', () => {
    const first = openDataDirectory(folder);
    expect(() => openDataDirectory(folder)).toThrow(`is in use by a running ./leasehold up (process ${process.pid})`);
    first.release();
    openDataDirectory(folder).release();
  });

  it('takes over the lock of a process that was killed', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(join(folder, 'up.lock'), `${child.pid}:${startedAt}`);
    expect(() => openDataDirectory(folder)).toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    openDataDirectory(folder).release();
  });

  it('is not fooled by another process that got the number of a dead one', () => {
    writeFileSync(join(folder, 'up.lock'), `${process.pid}:1`);
    openDataDirectory(folder).release();
  });

  it('leaves nothing behind when nothing was started', () => {
    const path = join(folder, 'new');
    openDataDirectory(path).release();
    expect(existsSync(path)).toBe(false);
  });

  it('keeps a folder that was there before', () => {
    const path = join(folder, 'old');
    mkdirSync(path);
    openDataDirectory(path).release();
    expect(existsSync(path)).toBe(true);
  });

  it('makes what is missing on the way', () => {
    const path = join(folder, 'a', 'b', 'c');
    openDataDirectory(path).release();
    expect(existsSync(join(folder, 'a', 'b'))).toBe(true);
  });

  it.each(['/proc/nope', '/proc/nope/below'])('gives up where no folder can be: %s', (path) => {
    expect(() => openDataDirectory(path)).toThrow('no folder can be made at /proc/nope');
  });

  it('says in one sentence that a file is in the way', () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    expect(() => openDataDirectory(path)).toThrow(`${path} is in the way: a folder is needed there`);
    expect(() => openDataDirectory(join(path, 'below'))).toThrow('is in the way: a folder is needed there');
  });
});
