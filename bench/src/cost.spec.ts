import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { cost } from './cost.js';

describe('cost of writes', () => {
  it('is told in puts and dollars, and lower than the peer where many databases share a log', async () => {
    const { rows } = await report(cost, { size: 'quick' });
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect([...byId.keys()]).toEqual([
      'puts-per-write',
      'dollars-per-million-writes',
      'puts-per-write-fast',
      'dollars-per-million-writes-fast',
      'puts-per-write-sparse',
      'dollars-per-million-writes-sparse',
      'dollars-idle-database-month',
    ]);
    const [economy, fast] = [byId.get('puts-per-write'), byId.get('puts-per-write-fast')];
    expect(economy?.value).toBeGreaterThan(0.01);
    expect(economy?.value).toBeLessThan(0.15);
    expect(fast?.value).toBeGreaterThan(economy?.value ?? Infinity);
    expect(fast?.value).toBeLessThan(0.5);
    expect(economy?.peer?.value).toBeGreaterThanOrEqual(1);
    // $5 a million puts: dollars that do not follow from the puts are counted wrongly.
    expect(byId.get('dollars-per-million-writes-fast')?.value).toBeGreaterThan(5 * (fast?.value ?? Infinity));
  }, 120_000);
});
