import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { durable } from './durable.js';

describe('latency of durable writes', () => {
  it('is told in multiples of a bare put', async () => {
    const { rows } = await report(durable, { size: 'quick' });
    expect(rows.map(({ id }) => id)).toEqual([
      'durable-write-p50',
      'durable-write-economy-p50',
      'durable-write-hot-p50',
      'durable-write-p99',
      'durable-write-economy-p99',
      'durable-write-hot-p99',
    ]);
    const p50 = rows.find(({ id }) => id === 'durable-write-p50');
    // Nothing is durable before a put: less than one in the middle means that something is not waited for.
    expect(p50?.value).toBeGreaterThan(0.9);
    expect(p50?.value).toBeLessThan(50);
  }, 120_000);
});
