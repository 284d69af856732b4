import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { bucketEndMs, LATENCY_BUCKETS, latencyBucket, mergeLatencies, percentileMs } from './latency.js';

const of = (times: readonly number[]) => {
  const latency = new Map<number, number>();
  for (const ms of times) latency.set(latencyBucket(ms), (latency.get(latencyBucket(ms)) ?? 0) + 1);
  return latency;
};

describe('latencies', () => {
  it('lie in buckets that end at most a tenth behind them', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.125, max: 60_000, noNaN: true }), (ms) => {
        const end = bucketEndMs(latencyBucket(ms));
        expect(end / ms).toBeGreaterThan(1 - 1e-9);
        expect(end / ms).toBeLessThan(1.1);
      }),
    );
  });

  it.each([0, -1, 0.1, 0.125, Number.NaN])('have %d in the first bucket', (ms) => {
    expect(latencyBucket(ms)).toBe(0);
  });

  it('have whatever is too long in the last bucket', () => {
    expect([latencyBucket(1e9), latencyBucket(Infinity)]).toEqual([LATENCY_BUCKETS - 1, LATENCY_BUCKETS - 1]);
    expect(bucketEndMs(LATENCY_BUCKETS - 1)).toBe(65_536);
  });

  it('are the same merged as counted together, however they are cut', () => {
    const times = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(times, { maxLength: 5 }), (parts) => {
        const sorted = (latency: ReadonlyMap<number, number>) => [...latency].sort(([a], [b]) => a - b);
        expect(sorted(mergeLatencies(parts.map(of)))).toEqual(sorted(of(parts.flat())));
      }),
    );
  });

  it('have percentiles that a part of the requests did not exceed, and none of none', () => {
    expect(percentileMs(new Map(), 0.5)).toBeUndefined();
    const times = Array.from({ length: 100 }, (_, i) => i + 1);
    for (const percent of [1, 50, 90, 99, 100]) {
      const told = percentileMs(of(times), percent / 100) ?? 0;
      expect(told).toBeGreaterThanOrEqual(percent);
      expect(told).toBeLessThan(percent * 1.1);
    }
  });
});
