import { execFile, execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { leaveNothing } from './leave-nothing.js';

const run = promisify(execFile);

/** Room for the caches of all workers, little enough to be filled up in a moment. */
const SIZE_MIB = 64;
const CHUNK_BYTES = 256 * 1024;

/** The disk of the workers' block caches: a small one of its own where that is allowed, so that it can be full. */
export class CacheDisk {
  private forget = (): void => undefined;

  private constructor(
    readonly directory: string,
    /** A file system of its own. */
    readonly isSmall: boolean,
  ) {
    if (isSmall) this.forget = leaveNothing(() => execFileSync('umount', ['-l', directory], { stdio: 'ignore' }));
  }

  static async open(folder: string): Promise<CacheDisk> {
    const directory = join(folder, 'cache');
    mkdirSync(directory, { recursive: true });
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'leasehold-chaos', directory]);
      return new CacheDisk(directory, true);
    } catch {
      return new CacheDisk(directory, false);
    }
  }

  /** Takes all the room that is left. @returns how many bytes that was */
  fill(): number {
    if (!this.isSmall) throw new Error('only a disk of its own may be filled');
    const file = openSync(this.filler, 'w');
    const chunk = Buffer.alloc(CHUNK_BYTES, 0x5a);
    let filledBytes = 0;
    try {
      for (let at = 0; at < (SIZE_MIB * 1024 * 1024) / CHUNK_BYTES + 1; at++) filledBytes += writeSync(file, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
    return filledBytes;
  }

  free(): void {
    rmSync(this.filler, { force: true });
  }

  /** Lets go of it once its users are gone. */
  async close(): Promise<void> {
    this.forget();
    if (this.isSmall) await run('umount', ['-l', this.directory]).catch(() => undefined);
  }

  private get filler(): string {
    return join(this.directory, 'filler');
  }
}
