import { describe, expect, it } from '@jest/globals';

import { meetsTarget, report } from './benchmark.js';
import { roundtrips } from './roundtrips.js';

describe('round trips to the bucket', () => {
  it('are what the code needs today, and fewer than the peer needs: a change that adds one shows here', async () => {
    const { rows } = await report(roundtrips, { size: 'quick' });
    const values = Object.fromEntries(rows.map(({ id, value }) => [id, value]));
    expect(values).toEqual({
      'cold-read-small': 1,
      'cold-read-large': 3,
      'cold-write': expect.any(Number),
      'warm-read': 0,
      'warm-write': 1,
      'idle-requests': 0,
    });
    expect(values['cold-write']).toBeLessThanOrEqual(3);
    expect(rows.filter((row) => meetsTarget(row) === false).map((row) => row.id)).toEqual(
      values['cold-write'] === 2 ? [] : ['cold-write'],
    );
    for (const id of ['cold-read-small', 'cold-read-large', 'cold-write', 'idle-requests']) {
      expect(rows.find((row) => row.id === id)?.peer?.value).toBeGreaterThan(values[id] ?? Infinity);
    }
  }, 60_000);
});
