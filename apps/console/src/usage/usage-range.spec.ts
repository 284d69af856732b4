import { describe, expect, it } from '@jest/globals';

import { RANGES, rangeOf, STEPS, stepsIn } from './usage-range.js';

const NOW = Date.parse('2026-03-31T23:10:00Z');
const LONGEST_DAYS = { hour: 31, day: 366, month: 3_660 };

describe('a time of usage', () => {
  it.each(RANGES.flatMap(({ value }) => STEPS[value].map((step) => ({ value, step }))))(
    '$value by $step is one that the API takes',
    ({ value, step }) => {
      const range = rangeOf(value, step, NOW);
      expect(range.step).toBe(step);
      expect(range.to.toISOString()).toBe('2026-04-01T00:00:00.000Z');
      for (const at of [range.from, range.to]) expect(at.getTime() % 3_600_000).toBe(0);
      expect((range.to.getTime() - range.from.getTime()) / 86_400_000).toBeLessThanOrEqual(LONGEST_DAYS[step]);
    },
  );

  it('has a step that goes with it', () => {
    expect(rangeOf('day', 'month', NOW).step).toBe('hour');
    expect(rangeOf('year', 'nonsense', NOW).step).toBe('month');
  });

  it('is cut into its steps, of the calendar in UTC', () => {
    const months = stepsIn(rangeOf('year', 'month', NOW)).map((at) => at.toISOString().slice(0, 10));
    expect([months.length, months[0], months.at(-1)]).toEqual([12, '2025-04-01', '2026-03-01']);
    expect(stepsIn(rangeOf('day', 'hour', NOW))).toHaveLength(24);
    expect(stepsIn(rangeOf('month', 'day', NOW))).toHaveLength(31);
  });
});
