import type { GatewayConfig } from '../config.js';

/** What one tenant may ask of one gateway. Plans set it; every gateway counts for itself. */
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

/** What the configuration allows every tenant. */
export function tenantLimitOf({
  TENANT_REQUESTS_PER_SECOND: requestsPerSecond,
  TENANT_BURST_REQUESTS: burstRequests = BURST_SECONDS * requestsPerSecond,
  TENANT_BYTES_PER_SECOND: bytesPerSecond,
  TENANT_CONCURRENT_REQUESTS: concurrentRequests,
}: GatewayConfig): TenantLimit {
  const burstBytes = BURST_SECONDS * bytesPerSecond;
  return { requestsPerSecond, burstRequests, bytesPerSecond, burstBytes, concurrentRequests };
}
