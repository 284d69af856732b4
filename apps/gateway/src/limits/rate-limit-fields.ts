import type { TenantLimit } from './tenant-limit.js';

/** What of a limit is left to a tenant, as its answers tell. */
export interface RateLimitState {
  /** Requests that would be taken now. */
  readonly remaining: number;
  /** Seconds, whole: until more are there when none is left, else until all are. */
  readonly resetSeconds: number;
}

/** The names of the two policies in both fields. */
export const REQUESTS_POLICY = 'requests';
export const CONCURRENCY_POLICY = 'concurrency';

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers has them (from -08 on: lists of strings with
 * parameters, RFC 9651).
 *
 *     RateLimit-Policy: "requests";q=2000;w=2, "concurrency";q=256;qu="concurrent-requests"
 *     RateLimit: "requests";r=1999;t=1
 *
 * A bucket that gives `q` at once and refills in `w` seconds never gives more than the policy says to who asks evenly; who has
 * spent all of it gets `q` over the next `w` seconds, one by one.
 */
export function rateLimitPolicy({ requestsPerSecond, burstRequests, concurrentRequests }: TenantLimit): string {
  const windowSeconds = Math.max(1, Math.ceil(burstRequests / requestsPerSecond));
  const requests = `"${REQUESTS_POLICY}";q=${Math.floor(burstRequests)};w=${windowSeconds}`;
  return `${requests}, "${CONCURRENCY_POLICY}";q=${concurrentRequests};qu="concurrent-requests"`;
}

export function rateLimit({ remaining, resetSeconds }: RateLimitState): string {
  return `"${REQUESTS_POLICY}";r=${remaining};t=${resetSeconds}`;
}
