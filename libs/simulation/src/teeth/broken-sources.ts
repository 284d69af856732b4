import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { Patch, Variant } from './variant.js';

/** From `src` and from `dist` alike. The sources lie there in both cases. */
const ROOT = new URL('../../../../', import.meta.url);

/** The code has changed under a variant, which has to follow it. */
export class PatchMismatchError extends Error {
  override readonly name = 'PatchMismatchError';

  constructor(variant: string, { file, find }: Patch, occurrences: number) {
    super(`variant ${variant} finds its text ${occurrences} times instead of once in ${file}:\n${find}`);
  }
}

/** The absolute path of a file that is named from the root of the repository. */
export function sourcePath(file: string): string {
  return fileURLToPath(new URL(file, ROOT));
}

/**
 * The texts that a variant makes of the sources, by absolute path. Patches of one file are applied one after another.
 * @throws PatchMismatchError
 */
export async function brokenSources({
  name,
  eases = [],
  patches,
}: Pick<Variant, 'name' | 'patches' | 'eases'>): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const patch of [...eases, ...patches]) {
    const path = sourcePath(patch.file);
    const text = texts.get(path) ?? (await readFile(path, 'utf8'));
    const parts = text.split(patch.find);
    if (patch.find === '' || parts.length !== 2) throw new PatchMismatchError(name, patch, parts.length - 1);
    texts.set(path, parts.join(patch.replace));
  }
  return texts;
}
