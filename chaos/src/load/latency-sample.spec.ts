import { describe, expect, it } from '@jest/globals';

import { LatencySample } from './latency-sample.js';

describe('a sample of latencies', () => {
  it('tells quantiles', () => {
    const sample = new LatencySample();
    for (let ms = 1; ms <= 100; ms++) sample.add(ms);
    expect([sample.quantile(0.5), sample.quantile(0.99), sample.quantile(1)]).toEqual([50, 99, 100]);
  });

  it('is 0 when it is empty, and bounded', () => {
    const sample = new LatencySample();
    expect(sample.quantile(0.5)).toBe(0);
    sample.add(1e9);
    expect(sample.quantile(0.5)).toBe(30_000);
  });
});
