import { describe, expect, it } from '@jest/globals';

import { meetsTarget, report } from './benchmark.js';
import { roundtrips } from './roundtrips.js';

describe('round trips to the bucket', () => {
  it('are what the code needs today: a change that adds one shows here', async () => {
    const { rows } = await report(roundtrips);
    expect(Object.fromEntries(rows.map(({ id, value }) => [id, value]))).toEqual({
      'cold-read-small': 1,
      'cold-read-large': 3,
      // Claim, then the log: carrying the write in the claim would save one.
      'cold-write': 3,
      'warm-read': 0,
      'warm-write': 1,
      'idle-requests': 0,
    });
    expect(rows.filter((row) => !meetsTarget(row)).map((row) => row.id)).toEqual(['cold-write']);
  }, 60_000);
});
