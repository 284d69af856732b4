import { createHash } from 'node:crypto';
import { createWriteStream, closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import type { Writable } from 'node:stream';

import { CliError, explainFileError, systemCode } from '../cli-error.js';

/** Tells the file of an export from another one that has come in its place. */
export interface FileMark {
  readonly bytes: number;
  readonly inode: number;
  /** Of what stands right before `bytes`. */
  readonly tailHash: string;
}

/** So much before the place where it goes on has to be what was written. */
const TAIL_BYTES = 4 * 1024;

/** The file that an export writes: a new one, or its own one that was left. */
export class ExportFile {
  readonly stream: Writable;

  private constructor(
    path: string,
    private readonly descriptor: number,
    start: number,
  ) {
    this.stream = createWriteStream(path, { fd: descriptor, start });
  }

  /** @throws CliError it is there already and not to be replaced, or cannot be written */
  static create(path: string, { replace }: { readonly replace: boolean }): ExportFile {
    try {
      return new ExportFile(path, openSync(path, replace ? 'w+' : 'wx+', 0o600), 0);
    } catch (error) {
      if (!replace && systemCode(error) === 'EEXIST') {
        throw new CliError(`${path} is there already; --restart writes it anew`, 1, { cause: error });
      }
      const reason = systemCode(error) === 'ENOENT' ? undefined : explainFileError(error);
      throw new CliError(reason ?? `${path} cannot be written`, 1, { cause: error });
    }
  }

  /** Cut off behind what the mark counts: that is written again. Undefined: it is gone, or is not what was written. */
  static resume(path: string, mark: FileMark): ExportFile | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r+');
    } catch {
      return undefined;
    }
    const { bytes, inode, tailHash } = mark;
    const there = fstatSync(descriptor);
    if (
      !there.isFile() ||
      there.size < bytes ||
      there.ino !== inode ||
      markOf(descriptor, bytes).tailHash !== tailHash
    ) {
      closeSync(descriptor);
      return undefined;
    }
    ftruncateSync(descriptor, bytes);
    return new ExportFile(path, descriptor, bytes);
  }

  /** Once so many bytes are written. */
  mark(bytes: number): FileMark {
    return markOf(this.descriptor, bytes);
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.once('error', reject);
      this.stream.end((error?: Error | null) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

function markOf(descriptor: number, bytes: number): FileMark {
  const from = Math.max(0, bytes - TAIL_BYTES);
  const tail = Buffer.alloc(bytes - from);
  const read = readSync(descriptor, tail, 0, tail.byteLength, from);
  const tailHash = createHash('sha256').update(tail.subarray(0, read)).digest('base64url');
  return { bytes, inode: fstatSync(descriptor).ino, tailHash };
}
