import { describe, expect, it } from '@jest/globals';

import { pruneRows } from './prune-rows.js';

describe('pruning', () => {
  it.each([
    [0, [5_000]],
    [4_999, [5_000]],
    [5_000, [5_000, 5_000]],
    [12_345, [5_000, 5_000, 5_000]],
  ])('of %i rows ends with the batch that finds less than it might have', async (rows, asked) => {
    let left = rows;
    const limits: number[] = [];
    const deleteSome = async (limit: number) => {
      limits.push(limit);
      const count = Math.min(limit, left);
      left -= count;
      return count;
    };
    expect([await pruneRows(deleteSome), left, limits]).toEqual([rows, 0, asked]);
  });

  it('ends where there is no end to what is old', async () => {
    let batches = 0;
    const pruned = await pruneRows(async (limit) => {
      batches++;
      return limit;
    });
    expect([pruned, batches]).toEqual([500_000, 100]);
  });
});
