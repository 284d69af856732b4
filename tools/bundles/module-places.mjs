import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';

const OURS = /\/(apps|libs)\/[\w-]+\/dist\/.*\.js$/;
/** Of the packages, those that look for files beside themselves; `build-bundles.mjs` tells when one is missing here. */
const PACKAGES =
  /\/node_modules\/(@nestjs\/common\/utils\/load-package\.util|bullmq\/dist\/(cjs|esm)\/classes\/worker|ioredis\/built\/(Command|utils\/index)|pino\/lib\/transport|thread-stream\/index|undici\/index)\.js$/;

/** At the top of each bundle, which lies three folders deep as every program does. CommonJS inside asks for Node's own modules. */
export const BUNDLE_HEAD = `import { createRequire as createRequireOfBundle } from 'node:module';
import { fileURLToPath as pathOfBundled } from 'node:url';
const require = createRequireOfBundle(import.meta.url);
const checkoutOfBundle = new URL('../../../', import.meta.url);`;

/**
 * A module goes on knowing where it was before it became a part of a bundle: files that it names as beside itself are found.
 * @param {string} root
 * @returns {import('esbuild').Plugin}
 */
export function modulePlaces(root) {
  /** @param {import('esbuild').OnLoadArgs} module @returns {Promise<import('esbuild').OnLoadResult>} */
  const load = async ({ path }) => ({ contents: placed(await readFile(path, 'utf8'), relative(root, path)) });
  return {
    name: 'module-places',
    setup(build) {
      build.onLoad({ filter: OURS }, load);
      build.onLoad({ filter: PACKAGES }, load);
    },
  };
}

/**
 * @param {string} text of a module
 * @param {string} path in the checkout
 */
export function placed(text, path) {
  const url = urlOf(path);
  return text
    .replace(/\bimport\.meta\.url\b/g, `${url}.href`)
    .replace(/\b(import\.meta\.filename|__filename)\b/g, `pathOfBundled(${url})`)
    .replace(/\b(import\.meta\.dirname|__dirname)\b/g, `pathOfBundled(${urlOf(dirname(path))})`);
}

/** @param {string} path */
const urlOf = (path) => `new URL(${JSON.stringify(path)}, checkoutOfBundle)`;
