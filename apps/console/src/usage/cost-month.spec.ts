import { describe, expect, it } from '@jest/globals';

import { costMonth, costMonths, costRange } from './cost-month.js';

const NOW = Date.parse('2026-03-31T23:10:00Z');

describe('a month of costs', () => {
  it('is the present one where none is named, or one that has not begun', () => {
    expect(['', '2026-04', '2026-13', 'nonsense', '2025-12'].map((text) => costMonth(text, NOW))).toEqual([
      ...['2026-03', '2026-03', '2026-03', '2026-03', '2025-12'],
    ]);
  });

  it('can be one of a year', () => {
    const months = costMonths(NOW).map(({ value }) => value);
    expect([months.length, months[0], months[1], months.at(-1)]).toEqual([12, '2026-03', '2026-02', '2025-04']);
  });

  it('reaches to its end, or to that of the present hour', () => {
    const ends = (month: string, nowMs = NOW) => costRange(month, 'day', nowMs).to.toISOString();
    expect(ends('2026-02')).toBe('2026-03-01T00:00:00.000Z');
    expect(ends('2026-03')).toBe('2026-04-01T00:00:00.000Z');
    expect(ends('2026-03', Date.parse('2026-03-10T00:00:00Z'))).toBe('2026-03-10T01:00:00.000Z');
    expect([costRange('2026-03', 'hour', NOW).step, costRange('2026-03', 'month', NOW).step]).toEqual(['hour', 'day']);
  });
});
