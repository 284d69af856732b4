import { createRequire, register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { circus } from './circus.mjs';
import { sourceMapOf } from './transpile.mjs';

const require = createRequire(import.meta.url);
register('./hooks.mjs', import.meta.url);

/**
 * Loads test files by Node's own loader instead of Jest's: see {@link ProcessEnvironment}. What is here is what jest-runner and jest-circus ask of
 * a runtime; there are no module mocks.
 */
export default class ProcessRuntime {
  /** Asked for jest-circus alone. @param {string} path */
  requireInternalModule(path) {
    return circus.begin(path);
  }

  /** @param {string} path */
  requireModule(path) {
    return require(path);
  }

  setGlobalsForRuntime(globals) {
    circus.globals = globals;
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  /** @param {string} path */
  async unstable_importModule(path) {
    return import(pathToFileURL(path).href);
  }

  /** From files to their source maps, looked for when a stack is told. */
  getSourceMaps() {
    const get = (/** @type {string} */ name) => {
      const file = name.startsWith('file:') ? fileURLToPath(name) : name;
      return file.endsWith('.ts') ? sourceMapOf(file) : undefined;
    };
    return Object.assign(new Map(), { get });
  }

  enterTestCode() {}
  leaveTestCode() {}
  getAllCoverageInfoCopy() {}
  teardown() {}
}
