import { describe, expect, it } from '@jest/globals';
import { addTallies, readTally, summaryLine } from './tally.js';

const report = {
  numPassedTests: 7,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 1,
  numRuntimeErrorTestSuites: 1,
};

describe('tally', () => {
  it('counts a file that does not load as a failure', () => {
    expect(readTally(JSON.stringify(report))).toEqual({ passed: 7, failed: 2, skipped: 3 });
  });

  it('adds up lanes into one line', () => {
    const tally = readTally(JSON.stringify(report));
    expect(summaryLine(addTallies(tally, tally))).toBe('14 passed, 4 failed, 6 skipped');
  });

  it('refuses a report that is not one', () => {
    expect(() => readTally('{}')).toThrow();
  });
});
