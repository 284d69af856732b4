import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from '@jest/globals';

const TESTDATA = join(import.meta.dirname, '..', 'testdata');

/**
 * Bytes that an encoder of a released format version must go on writing. They are never written anew: a new version has a new file, which is written here the first time, and
 * that time fails, so that somebody looks at it.
 */
export function expectGolden(name: string, bytes: Uint8Array): void {
  const file = join(TESTDATA, `${name}.bin`);
  if (!existsSync(file)) {
    writeFileSync(file, bytes);
    throw new Error(`there was no ${file}: it is written now; look at it, and add it`);
  }
  expect(Buffer.from(bytes).toString('hex')).toBe(readFileSync(file).toString('hex'));
}

export function readGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(TESTDATA, `${name}.bin`)));
}
