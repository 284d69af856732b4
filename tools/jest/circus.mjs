import { createRequire } from 'node:module';
import { keepLateErrors } from './late-errors.mjs';

const require = createRequire(import.meta.url);
/** Where jest-circus keeps, in the world that it is loaded into, what a file has declared, and whom it tells of what happens. */
const STATE = 'JEST_STATE_SYMBOL';
const HANDLERS = Symbol.for('EVENT_HANDLERS');

const stateSymbols = () => Object.getOwnPropertySymbols(globalThis).filter(({ description }) => description === STATE);

/** The one jest-circus of this process. It is made for one file in a world, so that between files its state is put back to its beginning. */
class Circus {
  /** `describe`, `it`, … @type {any} */
  globals;
  /** @type {{ readonly module: unknown, readonly state: symbol, readonly handlers: number } | undefined} */
  loaded;

  /** For one more file. @param {string} path */
  begin(path) {
    if (this.loaded === undefined) {
      const module = require(path);
      const [state] = stateSymbols();
      if (state === undefined) throw new Error('jest-circus keeps its state elsewhere by now');
      globalThis[HANDLERS].push(keepLateErrors);
      this.loaded = { module, state, handlers: globalThis[HANDLERS].length };
    } else {
      globalThis[HANDLERS].length = this.loaded.handlers;
      globalThis[this.loaded.state] = stateAtTheBeginning(path);
    }
    return this.loaded.module;
  }
}

/** Of another one, loaded for nothing else. @param {string} path */
function stateAtTheBeginning(path) {
  const known = new Set(stateSymbols());
  const kept = require.cache[path];
  delete require.cache[path];
  require(path);
  require.cache[path] = kept;
  const [symbol] = stateSymbols().filter((found) => !known.has(found));
  const state = globalThis[symbol];
  delete globalThis[symbol];
  return state;
}

export const circus = new Circus();
