import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { FolderInUseError, FolderUnusableError, systemErrorCode } from './folder-errors.js';

const LOCK_FILE = 'lock';
/** macOS and the BSDs lock while opening; Node passes the flag through but has no name for it. */
const BSD_O_EXLOCK = 0x20;
const FLOCK_HELD_BY_ANOTHER = 1;

/**
 * One process per folder, by the operating system's own lock (flock) on an open file: the kernel lets go of it when the process ends, however it
 * ends, so a lock is never stale and there is nothing to guess about process ids. Node cannot call flock itself. On Linux the `flock` program
 * (util-linux or busybox, part of every distribution) locks the file that it inherits from us: the lock belongs to the open
 * file, so it stays ours when that program exits.
 */
export class FolderLock {
  private constructor(private readonly file: FileHandle) {}

  /** @throws FolderInUseError when another process holds it, FolderUnusableError */
  static async acquire(directory: string): Promise<FolderLock> {
    const file = await openLockFile(directory);
    try {
      if (process.platform === 'linux') await lockInherited(file, directory);
      await leaveName(file);
      return new FolderLock(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  release(): Promise<void> {
    return this.file.close();
  }
}

/** Only for people: it tells the next one whom to look for. A full disk has no room for it, and only an open store can make some. */
async function leaveName(file: FileHandle): Promise<void> {
  try {
    await file.truncate();
    await file.write(`${process.pid}\n`, 0);
  } catch {
    // The lock is held all the same.
  }
}

async function openLockFile(directory: string): Promise<FileHandle> {
  const locking = process.platform === 'linux' ? 0 : BSD_O_EXLOCK | constants.O_NONBLOCK;
  try {
    return await open(join(directory, LOCK_FILE), constants.O_RDWR | constants.O_CREAT | locking, 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EAGAIN') throw inUse(directory, '');
    throw new FolderUnusableError(`the bucket folder ${directory} is not writable (${code})`, { cause: error });
  }
}

async function lockInherited(file: FileHandle, directory: string): Promise<void> {
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
    child.once('error', reject);
    child.once('exit', resolve);
  }).catch((error: unknown) => {
    throw new FolderUnusableError(
      `the bucket folder ${directory} cannot be locked: the program flock (package util-linux) does not run`,
      {
        cause: error,
      },
    );
  });
  if (exitCode === FLOCK_HELD_BY_ANOTHER) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    throw inUse(directory, buffer.toString('utf8', 0, bytesRead).trim());
  }
  if (exitCode !== 0) {
    throw new FolderUnusableError(`the bucket folder ${directory} cannot be locked: its file system has no locks`);
  }
}

function inUse(directory: string, pid: string): FolderInUseError {
  const holder = pid === '' ? 'another process' : `process ${pid}`;
  return new FolderInUseError(`the bucket folder ${directory} is in use by ${holder}`);
}
