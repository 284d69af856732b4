import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';

import { drawLatencyMs, LATENCY_PROFILES, latencyAt, transferMs } from './latency.js';

describe('latency of the local bucket', () => {
  it('meets the quantiles of its profile', () => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 100_000 }, () => drawLatencyMs('s3', 'PutObject', 0, random)).sort(
      (a, b) => a - b,
    );
    const { p50Ms, p99Ms, p999Ms } = LATENCY_PROFILES.s3.write;
    expect(drawn[50_000]).toBeCloseTo(p50Ms, 0);
    expect(Math.abs((drawn[99_000] ?? 0) / p99Ms - 1)).toBeLessThan(0.05);
    expect(Math.abs((drawn[99_900] ?? 0) / p999Ms - 1)).toBeLessThan(0.15);
    expect(latencyAt(0.99999, LATENCY_PROFILES.s3.write)).toBe(p999Ms);
  });

  it('adds the time of the body', () => {
    expect(transferMs('s3', 8_000_000)).toBe(100);
    const [small, large] = [0, 8_000_000].map((bytes) => drawLatencyMs('s3', 'PutObject', bytes, seededRandom(1)));
    expect((large ?? 0) - (small ?? 0)).toBeCloseTo(100);
  });

  it('is always the same at a fixed distance', () => {
    const random = seededRandom(1);
    expect(drawLatencyMs({ fixedMs: 40 }, 'GetObject', 0, random)).toBe(40);
    expect(drawLatencyMs({ fixedMs: 40 }, 'PutObject', 8_000_000, random)).toBe(40);
    expect(transferMs({ fixedMs: 40 }, 8_000_000)).toBe(0);
  });
});
