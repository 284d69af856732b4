import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { density } from './density.js';

describe('density of open databases', () => {
  it('is told in bytes, and every open database answers from memory', async () => {
    const { rows } = await report(density, { size: 'quick' });
    const value = (id: string): number | undefined => rows.find((row) => row.id === id)?.value;
    expect(rows.map(({ id }) => id)).toEqual([
      'idle-memory-per-database',
      'idle-read-requests',
      'cold-opens-per-second',
    ]);
    expect(value('idle-read-requests')).toBe(0);
    expect(value('idle-memory-per-database')).toBeGreaterThan(200);
    expect(value('idle-memory-per-database')).toBeLessThan(20_000);
    expect(value('cold-opens-per-second')).toBeGreaterThan(0);
  }, 120_000);
});
