import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { coldstart } from './coldstart.js';

describe('cold starts', () => {
  it('take a trip or two to the bucket, and tell where their time went', async () => {
    const { rows } = await report(coldstart, { size: 'quick' });
    const value = (id: string): number => rows.find((row) => row.id === id)?.value ?? Number.NaN;
    expect(rows.map(({ id }) => id)).toEqual([
      'cold-get-p50',
      'cold-get-p99',
      'cold-put-p50',
      'cold-put-p99',
      'phases-add-up',
      'outside-of-total',
    ]);
    // Less than the fastest answer of the bucket would mean that it was not asked.
    expect(value('cold-get-p50')).toBeGreaterThan(15);
    expect(value('cold-put-p50')).toBeGreaterThan(30);
    expect(value('cold-put-p50')).toBeLessThan(2_000);
    expect(value('phases-add-up')).toBeLessThan(5);
  }, 120_000);
});
