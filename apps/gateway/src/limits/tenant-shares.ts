import type { TenantId } from '@leasehold/foundation';

export interface ShareLimits {
  readonly total: number;
  readonly ofTenant: number;
}

/** A bounded number of places, or of bytes, of which one tenant gets only a part. Who comes when they are taken is refused at once. */
export class TenantShares {
  private taken = 0;
  private readonly ofTenants = new Map<TenantId, number>();

  constructor(
    private readonly limits: ShareLimits,
    private readonly refusal: (whose: 'tenant' | 'all') => Error,
    private readonly onChange: (taken: number) => void = () => undefined,
  ) {}

  /** Gives back how to leave; leaving twice is leaving once. @throws what `refusal` makes */
  enter(tenantId: TenantId, share = 1): () => void {
    if ((this.ofTenants.get(tenantId) ?? 0) + share > this.limits.ofTenant) throw this.refusal('tenant');
    if (this.taken + share > this.limits.total) throw this.refusal('all');
    this.add(tenantId, share);
    let left = false;
    return () => {
      if (!left) this.add(tenantId, -share);
      left = true;
    };
  }

  private add(tenantId: TenantId, share: number): void {
    this.onChange((this.taken += share));
    const ofTenant = (this.ofTenants.get(tenantId) ?? 0) + share;
    if (ofTenant === 0) this.ofTenants.delete(tenantId);
    else this.ofTenants.set(tenantId, ofTenant);
  }
}
