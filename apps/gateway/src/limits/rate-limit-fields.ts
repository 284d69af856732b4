import type { TenantLimit } from './tenant-limit.js';

/** The names of the policies in both fields. */
export type RateLimitPolicy = 'requests' | 'bytes' | 'concurrency';

/** What of a policy is left to a tenant, as its answers tell. */
export interface RateLimitState {
  /** Quota units that are there now. */
  readonly remaining: number;
  /** Seconds, whole: until more are there when none is left, else until all are. */
  readonly resetSeconds: number;
}

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers has them (from -08 on: lists of strings with
 * parameters, RFC 9651).
 *
 *     RateLimit-Policy: "requests";q=2000;w=2, "bytes";q=67108864;w=2;qu="content-bytes", "concurrency";q=256;qu="concurrent-requests"
 *     RateLimit: "requests";r=1999;t=1, "bytes";r=67108000;t=1
 *
 * A bucket gives `q` at once and refills in `w` seconds: who has spent all of it gets `q` over the next `w` seconds, bit by bit.
 */
export function rateLimitPolicy(limit: TenantLimit): string {
  const requests = bucketPolicy('requests', limit.burstRequests, limit.requestsPerSecond);
  const bytes = `${bucketPolicy('bytes', limit.burstBytes, limit.bytesPerSecond)};qu="content-bytes"`;
  return `${requests}, ${bytes}, ${policyName('concurrency')};q=${limit.concurrentRequests};qu="concurrent-requests"`;
}

export function rateLimit(requests: RateLimitState, bytes: RateLimitState): string {
  return `${stateText('requests', requests)}, ${stateText('bytes', bytes)}`;
}

function stateText(policy: RateLimitPolicy, { remaining, resetSeconds }: RateLimitState): string {
  return `${policyName(policy)};r=${remaining};t=${resetSeconds}`;
}

function bucketPolicy(policy: RateLimitPolicy, burst: number, perSecond: number): string {
  return `${policyName(policy)};q=${Math.floor(burst)};w=${Math.max(1, Math.ceil(burst / perSecond))}`;
}

function policyName(policy: RateLimitPolicy): string {
  return `"${policy}"`;
}
