import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from '@jest/globals';

const TESTDATA = join(import.meta.dirname, '..', 'testdata');

/**
 * Bytes that an encoder of a released format version must go on writing. `UPDATE_GOLDEN=1` writes the file anew, which only a
 * new format version (and so a new file) may need.
 */
export function expectGolden(name: string, bytes: Uint8Array): void {
  const file = join(TESTDATA, `${name}.bin`);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, bytes);
  expect(Buffer.from(bytes).toString('hex')).toBe(readFileSync(file).toString('hex'));
}

export function readGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(TESTDATA, `${name}.bin`)));
}
