import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Appears whole or not at all: another process may be starting from these files.
 * @param {string} file @param {string} text
 */
export async function writeWhole(file, text) {
  const draft = `${file}.${process.pid}.part`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, text);
  await rename(draft, file);
}
