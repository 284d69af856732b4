import { describe, expect, it } from '@jest/globals';

import { nextWindow, stepBegin, stepBehind } from './usage-window.js';

const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 0, 31, 22);
const TO = Date.UTC(2026, 3, 1);
const bounds = { maxDatabaseHours: 1_000, rows: 100 };
const window = (step: 'hour' | 'day' | 'month', isByDatabase: boolean, databases: number, more = {}) => {
  const {
    from,
    to,
    databases: piece,
  } = nextWindow({ from: FROM, to: TO, step, isByDatabase }, databases, { ...bounds, ...more });
  return [(to - from) / HOUR_MS, piece];
};

describe('a look at usage', () => {
  it('is of as many steps as come to about what it may cost', () => {
    expect(window('hour', false, 10)).toEqual([100, undefined]);
    expect(window('day', false, 10)).toEqual([2 + 3 * 24, undefined]);
    expect(window('hour', false, 0)).toEqual([1_000, undefined]);
  });

  it('is of one step at least, however many databases it has', () => {
    expect(window('hour', false, 1_000_000)).toEqual([1, undefined]);
    expect(window('month', false, 1_000_000)).toEqual([2, undefined]);
  });

  it('has no more databases than rows are wanted, where each is a row', () => {
    expect(window('hour', true, 1_000_000)).toEqual([1, 100]);
    expect(window('hour', true, 1_000_000, { rows: 5_000 })).toEqual([1, 1_000]);
    expect(window('month', true, 1_000_000)).toEqual([2, 1]);
    expect(window('hour', true, 10)).toEqual([10, undefined]);
  });

  it('ends where the time ends, and with a step', () => {
    expect(nextWindow({ from: FROM, to: FROM + HOUR_MS, step: 'month', isByDatabase: false }, 1, bounds).to).toBe(
      FROM + HOUR_MS,
    );
    expect(stepBehind('month', FROM, 1)).toBe(Date.UTC(2026, 1));
    expect(stepBehind('month', Date.UTC(2026, 11, 31), 2)).toBe(Date.UTC(2027, 1));
    expect(stepBegin('day', FROM)).toBe(Date.UTC(2026, 0, 31));
  });
});
