import type { Linked, TenantId } from '@leasehold/foundation';

import type { RateLimitState } from './rate-limit-fields.js';
import { rateLimit, rateLimitPolicy } from './rate-limit-fields.js';
import type { TenantLimit } from './tenant-limit.js';
import { TokenBucket } from './token-bucket.js';

/** Many long answers at the same time are known to be long when it is too late: for so long nothing more is let in for them. */
const MAX_DEBT_SECONDS = 10;

/** What is counted for one tenant. At rest it equals a new one, and may be forgotten. */
export class TenantAccount implements Linked<TenantAccount> {
  newer: TenantAccount | undefined;
  older: TenantAccount | undefined;
  /** Requests that were let in and have not left. */
  underWay = 0;
  /** `RateLimit-Policy`. */
  readonly policy: string;
  readonly requests: TokenBucket;
  readonly bytes: TokenBucket;

  constructor(
    readonly tenantId: TenantId,
    readonly limit: TenantLimit,
    nowMs: number,
  ) {
    const { requestsPerSecond, burstRequests, bytesPerSecond, burstBytes } = limit;
    const maxDebtTokens = MAX_DEBT_SECONDS * bytesPerSecond;
    this.policy = rateLimitPolicy(limit);
    this.requests = new TokenBucket({ tokensPerSecond: requestsPerSecond, burstTokens: burstRequests }, nowMs);
    this.bytes = new TokenBucket({ tokensPerSecond: bytesPerSecond, burstTokens: burstBytes, maxDebtTokens }, nowMs);
  }

  isAtRest(nowMs: number): boolean {
    return this.requests.msUntilFull(nowMs) === 0 && this.bytes.msUntilFull(nowMs) === 0;
  }

  /** `RateLimit`, as it is now. */
  state(nowMs: number): string {
    return rateLimit(stateOf(this.requests, nowMs), stateOf(this.bytes, nowMs));
  }
}

function stateOf(bucket: TokenBucket, nowMs: number): RateLimitState {
  const remaining = bucket.left(nowMs);
  const waitMs = remaining === 0 ? bucket.msUntilNext(nowMs) : bucket.msUntilFull(nowMs);
  return { remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) };
}
