import type { TenantId } from '@leasehold/foundation';

/** What reached us past Postgres: suspended tenants, and keys and identity providers that have ended lately (libs/revocations). From memory. */
export interface Revocations {
  /** Of the state that the others answer by; grows with every state, 0 while there is none. */
  readonly number: number;
  suspends(tenantId: TenantId): boolean;
  isRevoked(keyId: string): boolean;
  isProviderRemoved(providerId: string): boolean;
}

/** What Postgres says of a suspension. */
export interface TenantSuspension {
  /** Of the state in which it was said first; undefined: it is in Postgres alone. */
  readonly number: number | undefined;
}

/**
 * Whether a tenant is to be refused. The log decides as far as it has been read; what Postgres took from a later state holds until we have read
 * that one, too. So whichever comes first suspends, and a stale entry of Postgres does not outlive a resumption.
 */
export function isSuspended(
  tenantId: TenantId,
  suspension: TenantSuspension | undefined,
  revocations: Pick<Revocations, 'number' | 'suspends'> | undefined,
): boolean {
  if (revocations?.suspends(tenantId) === true) return true;
  return suspension !== undefined && (suspension.number ?? Infinity) > (revocations?.number ?? 0);
}
