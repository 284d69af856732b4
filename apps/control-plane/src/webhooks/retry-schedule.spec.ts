import { describe, expect, it } from '@jest/globals';

import { MAX_ATTEMPTS, waitMsAfter } from './retry-schedule.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe('the waits between attempts of a delivery', () => {
  const waits = (fraction: number) =>
    Array.from({ length: MAX_ATTEMPTS - 1 }, (_, index) => waitMsAfter(index + 1, fraction) ?? NaN);

  it('grow, and come to a day and a little', () => {
    for (const fraction of [0, 1]) {
      const all = waits(fraction);
      expect(all).toEqual([...all].sort((a, b) => a - b));
      const sum = all.reduce((total, wait) => total + wait, 0);
      expect(sum).toBeGreaterThan(DAY_MS);
      expect(sum).toBeLessThan(1.5 * DAY_MS);
    }
  });

  it('are different for those that failed together, and never shorter', () => {
    expect(waits(1).every((wait, index) => wait > (waits(0)[index] ?? Infinity))).toBe(true);
  });

  it('end', () => {
    expect(waitMsAfter(MAX_ATTEMPTS, 0)).toBeUndefined();
  });
});
