import type { TenantId } from '@leasehold/foundation';

export interface ShareLimits {
  readonly total: number;
  readonly ofTenant: number;
}

/** Remembered although they have nothing; beyond, who has nothing goes. */
const KEPT_TENANTS = 1_024;

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
    this.take(tenantId, share);
    let left = false;
    return () => {
      if (!left) this.giveBack(tenantId, share);
      left = true;
    };
  }

  /** To be given back by {@link giveBack}, once. @throws what `refusal` makes: nothing was taken */
  take(tenantId: TenantId, share: number): void {
    if ((this.ofTenants.get(tenantId) ?? 0) + share > this.limits.ofTenant) throw this.refusal('tenant');
    if (this.taken + share > this.limits.total) throw this.refusal('all');
    this.add(tenantId, share);
  }

  giveBack(tenantId: TenantId, share: number): void {
    this.add(tenantId, -share);
  }

  private add(tenantId: TenantId, share: number): void {
    this.onChange((this.taken += share));
    const ofTenant = (this.ofTenants.get(tenantId) ?? 0) + share;
    // Few stay with nothing: a map whose entries come and go is made anew all the time.
    if (ofTenant === 0 && this.ofTenants.size > KEPT_TENANTS) this.ofTenants.delete(tenantId);
    else this.ofTenants.set(tenantId, ofTenant);
  }
}
