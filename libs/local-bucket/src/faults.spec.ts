import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';

import { S3_OPERATIONS } from './counts.js';
import { FaultPlan } from './faults.js';
import { LATENCY_PROFILES, drawLatencyMs, latencyAt } from './latency.js';

describe('fault plan', () => {
  const rates = { failBefore: 0.1, failAfter: 0.1, lateLanding: 0.1, conflict: 0.1 };
  const draws = (seed: number) => {
    const plan = new FaultPlan({ seed, ...rates });
    return Array.from({ length: 4000 }, (_, i) => plan.draw(S3_OPERATIONS[i % S3_OPERATIONS.length] ?? 'GetObject'));
  };

  it('is the same for the same seed only', () => {
    expect(draws(1)).toEqual(draws(1));
    expect(draws(1)).not.toEqual(draws(2));
  });

  it('draws each fault about as often as asked for', () => {
    const plan = new FaultPlan({ seed: 3, ...rates });
    const kinds = Array.from({ length: 10_000 }, () => plan.draw('PutObject').kind);
    for (const kind of ['before', 'after', 'late', 'conflict']) {
      const share = kinds.filter((drawn) => drawn === kind).length / kinds.length;
      expect(share).toBeGreaterThan(0.085);
      expect(share).toBeLessThan(0.115);
    }
  });

  it('lets only writes land late and only puts conflict', () => {
    const plan = new FaultPlan({ seed: 3, lateLanding: 0.5, conflict: 0.5 });
    const kinds = (operation: 'GetObject' | 'DeleteObject') =>
      new Set(Array.from({ length: 100 }, () => plan.draw(operation).kind));
    expect(kinds('GetObject')).toEqual(new Set(['none']));
    expect(kinds('DeleteObject')).toEqual(new Set(['late', 'none']));
  });
});

describe('latency profile s3', () => {
  const { read, write } = LATENCY_PROFILES.s3;

  it.each([
    ['GET', read],
    ['PUT', write],
  ])('of %s goes through its quantiles and never falls', (_, quantiles) => {
    expect(latencyAt(0.5, quantiles)).toBeCloseTo(quantiles.p50Ms);
    expect(latencyAt(0.99, quantiles)).toBeCloseTo(quantiles.p99Ms);
    expect(latencyAt(0.999, quantiles)).toBeCloseTo(quantiles.p999Ms);
    expect(latencyAt(0.999999, quantiles)).toBe(quantiles.p999Ms);
    let before = 0;
    for (let u = 0; u < 1; u += 0.001) {
      expect(latencyAt(u, quantiles)).toBeGreaterThanOrEqual(before);
      before = latencyAt(u, quantiles);
    }
  });

  it('draws the published quantiles', () => {
    const random = seededRandom(9);
    const drawn = Array.from({ length: 50_000 }, () => drawLatencyMs('s3', 'PutObject', 0, random)).sort(
      (a, b) => a - b,
    );
    const at = (u: number): number => drawn[Math.floor(u * drawn.length)] as number;
    expect(at(0.5)).toBeGreaterThan(28.5);
    expect(at(0.5)).toBeLessThan(29.5);
    expect(at(0.99)).toBeGreaterThan(70);
    expect(at(0.99)).toBeLessThan(80);
  });

  it('adds 12.5 ms for each megabyte', () => {
    const [a, b] = [seededRandom(1), seededRandom(1)];
    expect(drawLatencyMs('s3', 'PutObject', 1_000_000, a) - drawLatencyMs('s3', 'PutObject', 0, b)).toBeCloseTo(12.5);
  });
});
