import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { recovery } from './recovery.js';

describe('recovery after a kill', () => {
  it('gives every database and every acknowledged write back', async () => {
    const { rows } = await report(recovery, { size: 'quick' });
    const value = (id: string): number => rows.find((row) => row.id === id)?.value ?? Number.NaN;
    expect(rows.map(({ id }) => id)).toEqual(['first-database-ms', 'all-databases-ms', 'recovery-requests']);
    // Sooner than the ttl of the lost worker would mean that nobody waited for its end.
    expect(value('first-database-ms')).toBeGreaterThan(1_500);
    expect(value('first-database-ms')).toBeLessThan(20_000);
    expect(value('all-databases-ms')).toBeGreaterThanOrEqual(value('first-database-ms'));
  }, 120_000);
});
