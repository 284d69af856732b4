import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { CliError } from '../cli-error.js';

/** Of the beginning and of the end. */
const LOOKED_AT_BYTES = 64 * 1024;

/**
 * Tells a file from another one that has come in its place: from its size, its time of change, and bytes of both of its ends.
 * @throws CliError when it cannot be read, or is no file
 */
export function fingerprintOf(path: string): { readonly fingerprint: string; readonly sizeBytes: number } {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new CliError(`${path} cannot be read`, 1, { cause: error });
  }
  try {
    const { size, mtimeMs, isFile } = statOf(descriptor);
    if (!isFile) throw new CliError(`${path} is not a file`);
    const hash = createHash('sha256').update(`${size} ${mtimeMs} `);
    const bytes = Buffer.alloc(LOOKED_AT_BYTES);
    for (const from of [0, Math.max(0, size - LOOKED_AT_BYTES)]) {
      hash.update(bytes.subarray(0, readSync(descriptor, bytes, 0, LOOKED_AT_BYTES, from)));
    }
    return { fingerprint: hash.digest('base64url'), sizeBytes: size };
  } finally {
    closeSync(descriptor);
  }
}

function statOf(descriptor: number): { readonly size: number; readonly mtimeMs: number; readonly isFile: boolean } {
  const stat = fstatSync(descriptor);
  return { size: stat.size, mtimeMs: stat.mtimeMs, isFile: stat.isFile() };
}
