import { ModuleMocker } from 'jest-mock';

const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

/** One for the process, as the modules are that it is used on. */
export const mocker = new ModuleMocker(globalThis);

/**
 * Where tests run: in the world of the process itself, and not in one of their own (`node:vm`), so that a module is loaded, compiled and made fast once
 * for all files of a process. What a file changes of that world is put back after it.
 */
export default class ProcessEnvironment {
  global = globalThis;
  moduleMocker = mocker;
  fakeTimers = null;
  fakeTimersModern = null;

  before = { env: { ...process.env }, directory: process.cwd(), exit: process.exit, console: globalThis.console };

  async setup() {}

  async teardown() {
    const { env, directory, exit, console } = this.before;
    mocker.restoreAllMocks();
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    for (const [name, value] of Object.entries(env)) if (process.env[name] !== value) process.env[name] = value;
    // Not asked for before: that of the file may be gone.
    process.chdir(directory);
    process.exit = exit;
    globalThis.console = console;
    delete globalThis[TIMEOUT];
  }

  exportConditions() {
    return [];
  }

  /** There is none. */
  getVmContext() {
    return null;
  }
}
