// What Node's own module loader needs to take our sources, and `@jest/globals` for those of the file that runs.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transpiled } from './transpile.mjs';

const GLOBALS = new URL('./globals.mjs', import.meta.url).href;
/** Packages of the repository are taken from their sources. */
const CONDITION = '@leasehold/source';

/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: GLOBALS, format: 'module', shortCircuit: true };
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (statSync(fileURLToPath(url), { throwIfNoEntry: false })) {
      return { url: url.href, format: 'module', shortCircuit: true };
    }
  }
  return next(specifier, { ...context, conditions: [CONDITION, ...context.conditions] });
}

/** @type {import('node:module').LoadHook} */
export function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: transpiled(fileURLToPath(url)), shortCircuit: true };
}
