import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { fairness } from './fairness.js';

describe('fairness between tenants', () => {
  it('is told as a rise of what the others feel', async () => {
    const { rows } = await report(fairness, { size: 'quick' });
    expect(rows.map(({ id }) => id)).toEqual([
      'fairness-alone-p99',
      'fairness-puts-gateway-p99-rise',
      'fairness-puts-gateway-get-p99-rise',
      'fairness-scans-gateway-p99-rise',
      'fairness-scans-gateway-get-p99-rise',
      'fairness-puts-worker-p99-rise',
      'fairness-puts-worker-get-p99-rise',
      'fairness-scans-worker-p99-rise',
      'fairness-scans-worker-get-p99-rise',
    ]);
    // Half of the requests wait for a put of the bucket, none of which takes less than some 20 ms.
    expect(rows[0]?.value).toBeGreaterThan(15);
    // The gateway has refused some of it, and let some of it in.
    const flooded = rows.find(({ id }) => id === 'fairness-puts-gateway-p99-rise');
    expect(flooded?.note).toMatch(/200: \d+/);
    expect(flooded?.note).toMatch(/429: \d+/);
  }, 60_000);
});
