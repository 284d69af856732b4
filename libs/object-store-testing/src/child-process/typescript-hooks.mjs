// Lets a plain Node process run our sources, so that a test of whole processes needs no build before it.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

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
  const filename = fileURLToPath(url);
  return transpile(filename, await readFile(filename, 'utf8'));
}

/**
 * For hooks that have another text for a file than the disk.
 * @param {string} filename @param {string} text
 * @returns {Promise<import('node:module').LoadFnOutput>}
 */
export async function transpile(filename, text) {
  const { code } = await transform(text, {
    swcrc: false,
    configFile: false,
    filename,
    sourceMaps: 'inline',
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      // The type metadata that Nest's constructor injection reads, as in the build.
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
