import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';

import { ToldCommits } from './told-commits.js';

const [A, B, C] = ['a', 'b', 'c'] as DatabaseId[] as [DatabaseId, DatabaseId, DatabaseId];

describe('the commits that were told', () => {
  it('are those from the first one on, without a gap', () => {
    const told = new ToldCommits({ lost: 0 });
    told.tell(A, 3, 5);
    expect(told.of(A)).toBe(0);
    told.tell(A, 0, 4);
    told.tell(A, 3, 5);
    told.tell(A, 0, 2);
    expect([told.of(A), told.of(B)]).toEqual([5, 0]);
  });

  it('are none any more once something was lost, the last telling perhaps', () => {
    const meter = { lost: 0 };
    const told = new ToldCommits(meter);
    told.tell(A, 0, 4);
    meter.lost++;
    told.tell(A, 4, 5);
    expect(told.of(A)).toBe(0);
    told.tell(A, 0, 5);
    expect(told.of(A)).toBe(5);
  });

  it('are known of a bounded number of databases, those that were told last', () => {
    const told = new ToldCommits({ lost: 0 }, 2);
    told.tell(A, 0, 1);
    told.tell(B, 0, 1);
    told.tell(A, 1, 2);
    told.tell(C, 0, 1);
    expect([told.of(A), told.of(B), told.of(C)]).toEqual([2, 0, 1]);
  });
});
