// Stands before the hooks that transpile our sources, and hands them the texts of a variant in place of those on disk.
import { fileURLToPath } from 'node:url';
import { transpile } from '@leasehold/object-store-testing/typescript-hooks';

/** @type {ReadonlyMap<string, string>} By absolute path. */
let broken = new Map();

/** @param {ReadonlyMap<string, string>} sources */
export function initialize(sources) {
  broken = sources;
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  const text = url.startsWith('file:') ? broken.get(fileURLToPath(url)) : undefined;
  return text === undefined ? next(url, context) : transpile(fileURLToPath(url), text);
}
