// Stands for `@jest/globals`: the same for all files of a process, as the suites are that several of them share.
import { circus } from './circus.mjs';
import { mocker } from './environment.mjs';

const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

export const { describe, it, test, expect, beforeAll, beforeEach, afterAll, afterEach } = circus.globals;

/** What our tests use of it. */
export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks() {
    mocker.restoreAllMocks();
    return jest;
  },
  /** @param {number} ms of each test of the file that is being loaded */
  setTimeout(ms) {
    globalThis[TIMEOUT] = ms;
    return jest;
  },
};
