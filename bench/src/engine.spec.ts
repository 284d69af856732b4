import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { engine } from './engine.js';
import { YCSB_WORKLOADS } from './load/ycsb.js';

describe('speed of the engine', () => {
  it('is measured beside the peer in every row', async () => {
    const { rows } = await report(engine, { size: 'quick' });
    const ycsb = (bucket: string): string[] => YCSB_WORKLOADS.map((name) => `ycsb-${name.toLowerCase()}-${bucket}`);
    expect(rows.map(({ id }) => id)).toEqual([
      'warm-get',
      'warm-get-concurrent',
      'scan',
      'batch-write',
      'warm-get-memtable',
      'warm-get-1k',
      ...ycsb('memory'),
      ...ycsb('s3'),
    ]);
    for (const { id, value, peer, ratio } of rows) {
      expect({ id, measured: value > 0 && (peer?.value ?? 0) > 0 && (ratio ?? 0) > 0 }).toEqual({ id, measured: true });
    }
    const warmGet = rows.find(({ id }) => id === 'warm-get');
    expect(warmGet?.target).toBeCloseTo(10 * (warmGet?.peer?.value ?? 0), -2);
    // Resident in memory is what the row says of both; sessions and the peer look at their records meanwhile.
    expect(warmGet?.note).toMatch(/GETs meanwhile \d, \d$/);
  }, 120_000);
});
