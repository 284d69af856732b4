import { describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';

import { TenantShares } from './tenant-shares.js';

const [A, B, C] = ['a', 'b', 'c'] as [TenantId, TenantId, TenantId];

describe('TenantShares', () => {
  const taken: number[] = [];
  const shares = () =>
    new TenantShares(
      { total: 5, ofTenant: 3 },
      (whose) => new Error(whose),
      (now) => taken.push(now),
    );

  it('gives one tenant its part, and all of them no more than there is', () => {
    const places = shares();
    for (let n = 0; n < 3; n++) places.enter(A);
    expect(() => places.enter(A)).toThrow('tenant');
    places.enter(B, 2);
    expect(() => places.enter(C)).toThrow('all');
    expect(taken.at(-1)).toBe(5);
  });

  it('has room again for what has left, once', () => {
    const places = shares();
    const leave = places.enter(A, 3);
    leave();
    leave();
    places.enter(A, 3);
    expect(() => places.enter(A)).toThrow('tenant');
  });
});
