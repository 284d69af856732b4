// Lets a plain Node process run our sources, so that a test of whole processes needs no build before it.
import { fileURLToPath } from 'node:url';
import { transpile as transpileText, transpiled } from '../../../../tools/jest/transpile.mjs';

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    return next(specifier.replace(/\.js$/, '.ts'), context);
  }
  return next(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: transpiled(fileURLToPath(url)), shortCircuit: true };
}

/**
 * For hooks that have another text for a file than the disk.
 * @param {string} filename @param {string} text
 * @returns {Promise<import('node:module').LoadFnOutput>}
 */
export async function transpile(filename, text) {
  return { format: 'module', source: transpileText(filename, text).code, shortCircuit: true };
}
