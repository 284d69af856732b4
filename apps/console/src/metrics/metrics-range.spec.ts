import { describe, expect, it } from '@jest/globals';

import { METRICS_RANGES, metricsRangeOf, metricsSteps } from './metrics-range.js';

const NOW = Date.parse('2026-11-28T10:20:31Z');

describe('a time of metrics', () => {
  it.each([
    ['hour', '2026-11-28T09:21', '2026-11-28T10:21', 'minute'],
    ['day', '2026-11-27T11:00', '2026-11-28T11:00', 'hour'],
    ['month', '2026-10-30T00:00', '2026-11-29T00:00', 'day'],
    ['nonsense', '2026-11-28T09:21', '2026-11-28T10:21', 'minute'],
  ])('%s is from %s to %s by %s', (name, from, to, step) => {
    const range = metricsRangeOf(name, NOW);
    expect([range.from.toISOString().slice(0, 16), range.to.toISOString().slice(0, 16), range.step]).toEqual([
      from,
      to,
      step,
    ]);
  });

  it.each(METRICS_RANGES)('$value has all of its steps', ({ value, steps }) => {
    const range = metricsRangeOf(value, NOW);
    const found = metricsSteps(range);
    expect([found.length, found[0]]).toEqual([steps, range.from]);
  });
});
