import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@leasehold/foundation-testing';

import { PutBudget } from './put-budget.js';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

describe('L1: the budget of puts', () => {
  it('gives its burst at once and then one put per interval', async () => {
    const budget = new PutBudget(clock, 100, 3);
    expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([true, true, true, false]);
    expect(budget.waitMs).toBeCloseTo(10);
    await clock.advance(10);
    expect([budget.take(), budget.take()]).toEqual([true, false]);
  });

  it('spends evenly what it has, whenever it is asked', async () => {
    const budget = new PutBudget(clock, 140, 4);
    while (budget.take());
    const takenAt: number[] = [];
    for (let i = 0; i < 140; i++) {
      await clock.advance(budget.waitMs);
      expect(budget.take()).toBe(true);
      takenAt.push(clock.monotonic());
    }
    const gaps = takenAt.slice(1).map((at, i) => at - (takenAt[i] as number));
    expect(Math.max(...gaps)).toBeLessThan(7.2);
    expect(Math.min(...gaps)).toBeGreaterThan(7.1);
  });

  it('loses nothing to timers that fire late, and saves no more than its burst', async () => {
    const budget = new PutBudget(clock, 100, 3);
    while (budget.take());
    let taken = 0;
    for (let i = 0; i < 100; i++) {
      await clock.advance(13);
      while (budget.take()) taken++;
    }
    expect(taken).toBe(130);
    await clock.advance(60_000);
    expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([true, true, true, false]);
  });
});
