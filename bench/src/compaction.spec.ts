import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { compaction } from './compaction.js';

describe('compaction', () => {
  it('is measured on equal data, in bounded memory', async () => {
    const { rows } = await report(compaction, { size: 'quick' });
    const byId = new Map(rows.map((row) => [row.id, row]));
    expect([...byId.keys()]).toEqual([
      'compaction-mib-per-second',
      'compaction-cpu-seconds-per-gib',
      'write-amplification',
      'read-amplification-requests',
      'read-amplification-bytes',
      'space-amplification',
      'compaction-peak-memory',
      'compaction-peak-held',
    ]);
    for (const { id, value } of rows) expect({ id, measured: value > 0 }).toEqual({ id, measured: true });
    // Half of what was written is superseded: a merge that keeps it would show here.
    expect(byId.get('space-amplification')?.value).toBeLessThan(1.3);
    // Not what is resident, which is also what collector and allocator have not given back yet: on a busy machine they take their time.
    expect(byId.get('compaction-peak-held')?.value).toBeLessThanOrEqual(256);
  }, 120_000);
});
