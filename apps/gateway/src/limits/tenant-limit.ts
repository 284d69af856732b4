import type { TenantEntry, TenantQuotas } from '@leasehold/directory';

import type { GatewayConfig } from '../config.js';

/** A tenant as far as its limits go. Another object means that something may have changed. */
export type LimitedTenant = Pick<TenantEntry, 'id' | 'quotas'>;

/** What one tenant may ask. Rates and bursts hold for all gateways together, the rest for each. */
export interface TenantLimit {
  /** In the long run. */
  readonly requestsPerSecond: number;
  /** At once, after a pause; at least one second's worth is what clients expect. */
  readonly burstRequests: number;
  /** Of bodies and answers together, in the long run. */
  readonly bytesPerSecond: number;
  /** At once; what goes beyond is owed, and nothing is let in until it has come back. */
  readonly burstBytes: number;
  /** Under way at the same time, until their answers have been taken. */
  readonly concurrentRequests: number;
}

const BURST_SECONDS = 2;

/** What the configuration allows every tenant of whom nothing else is said. */
export function tenantLimitOf({
  TENANT_REQUESTS_PER_SECOND: requestsPerSecond,
  TENANT_BURST_REQUESTS: burstRequests = BURST_SECONDS * requestsPerSecond,
  TENANT_BYTES_PER_SECOND: bytesPerSecond,
  TENANT_CONCURRENT_REQUESTS: concurrentRequests,
}: GatewayConfig): TenantLimit {
  const burstBytes = BURST_SECONDS * bytesPerSecond;
  return { requestsPerSecond, burstRequests, bytesPerSecond, burstBytes, concurrentRequests };
}

/** What is said of a tenant, and for the rest what is allowed to all. A burst belongs to its rate: of another rate it is another one. */
export function limitUnder(ofAll: TenantLimit, quotas: TenantQuotas | undefined): TenantLimit {
  if (quotas === undefined) return ofAll;
  const { requestsPerSecond, bytesPerSecond } = quotas;
  const ownBurst = requestsPerSecond === undefined ? ofAll.burstRequests : BURST_SECONDS * requestsPerSecond;
  return {
    requestsPerSecond: requestsPerSecond ?? ofAll.requestsPerSecond,
    burstRequests: quotas.burstRequests ?? ownBurst,
    bytesPerSecond: bytesPerSecond ?? ofAll.bytesPerSecond,
    burstBytes: bytesPerSecond === undefined ? ofAll.burstBytes : BURST_SECONDS * bytesPerSecond,
    concurrentRequests: quotas.concurrentRequests ?? ofAll.concurrentRequests,
  };
}
