import { describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';

import { TenantPlaces } from './tenant-places.js';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'] as TenantId[] as [TenantId, TenantId, TenantId, TenantId, TenantId];

describe('places of tenants', () => {
  it('are few for one tenant, and there again when they are left', () => {
    const places = new TenantPlaces({ shared: 10, perTenant: 2, most: 10 });
    const [first, second] = [places.enter(A), places.enter(A)];
    expect([first, second].map((leave) => leave !== undefined)).toEqual([true, true]);
    expect(places.enter(A)).toBeUndefined();
    expect(places.enter(B)).toBeDefined();
    first?.();
    expect(places.enter(A)).toBeDefined();
    expect(places.enter(A)).toBeUndefined();
  });

  it('are there for who has none, also when the others have taken all that is shared', () => {
    const places = new TenantPlaces({ shared: 4, perTenant: 2, most: 6 });
    for (const tenant of [A, A, B, B]) expect(places.enter(tenant)).toBeDefined();
    const leave = places.enter(C);
    expect([leave !== undefined, places.enter(C)]).toEqual([true, undefined]);
    expect(places.enter(D)).toBeDefined();
    expect(places.enter(E)).toBeUndefined();
    leave?.();
    expect(places.enter(E)).toBeDefined();
  });
});
