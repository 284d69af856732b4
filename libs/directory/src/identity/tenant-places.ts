import type { TenantId } from '@leasehold/foundation';

export interface TenantPlacesSettings {
  /** For everybody together, where a tenant has one place already. */
  readonly shared: number;
  /** Of one tenant. */
  readonly perTenant: number;
  /** For everybody together, first places of a tenant included: what the process can bear. */
  readonly most: number;
}

/**
 * Places for work that tenants cause and whose time they decide. One tenant has few of them; and whoever has none gets one also when those of many
 * are taken, so that tenants who hold on to theirs keep nobody else out.
 */
export class TenantPlaces {
  private readonly taken = new Map<TenantId, number>();
  private total = 0;

  constructor(private readonly settings: TenantPlacesSettings) {}

  /** A place, to be left once; undefined: there is none for this tenant now. */
  enter(tenantId: TenantId): (() => void) | undefined {
    const { shared, perTenant, most } = this.settings;
    const mine = this.taken.get(tenantId) ?? 0;
    if (mine === 0 ? this.total >= most : mine >= perTenant || this.total >= shared) return undefined;
    this.taken.set(tenantId, mine + 1);
    this.total += 1;
    return () => this.leave(tenantId);
  }

  private leave(tenantId: TenantId): void {
    const left = (this.taken.get(tenantId) ?? 1) - 1;
    if (left === 0) this.taken.delete(tenantId);
    else this.taken.set(tenantId, left);
    this.total -= 1;
  }
}
