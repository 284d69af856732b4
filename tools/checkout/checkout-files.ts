import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const MADE = new Set(['node_modules', 'dist']);

/**
 * What somebody wrote in this checkout, by its path below the root; without folders that are installed, built or hidden.
 * Read from the disk and not asked of git, which a copy of the sources need not have.
 */
export function checkoutFiles(folder = ROOT): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [relative(ROOT, path)];
    return MADE.has(entry.name) || entry.name.startsWith('.') ? [] : checkoutFiles(path);
  });
}

export function pathInCheckout(path: string): string {
  return join(ROOT, path);
}
