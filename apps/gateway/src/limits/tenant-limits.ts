import type { Clock, TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import type { RateLimitPolicy, RateLimitState } from './rate-limit-fields.js';
import { rateLimit, rateLimitPolicy } from './rate-limit-fields.js';
import type { TenantLimit } from './tenant-limit.js';
import { TokenBucket } from './token-bucket.js';

/** A request that was let in. */
export interface Admitted {
  /** For its answer, whatever it says. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its body, or what it is answered, has so many bytes more than were known before. Also after it has left. */
  readonly owe: (sizeBytes: number) => void;
  /** Its answer has been taken, or nobody waits for it any more. Twice is once. */
  readonly leave: () => void;
}

export interface TenantLimitsSettings {
  readonly limitOf: (tenantId: TenantId) => TenantLimit;
  /** Tenants that are remembered; beyond, the ones that asked longest ago begin with a full bucket again. */
  readonly maxTenants?: number;
  readonly onRefused?: (policy: RateLimitPolicy) => void;
}

/** What is counted for one tenant. At rest it equals a new one, and is forgotten. */
interface Account {
  readonly limit: TenantLimit;
  readonly policy: string;
  readonly requests: TokenBucket;
  readonly bytes: TokenBucket;
  underWay: number;
}

/** Some 300 bytes each: 30 MB where as many tenants ask within the seconds in which a bucket fills. */
const MAX_TENANTS = 100_000;
/** Each request looks at so many of those that asked longest ago; more than one, so that what is at rest goes faster than it comes. */
const SWEPT_PER_REQUEST = 2;
/** Who waits for a slow answer of his own to end; nobody can say for how long. */
const CONCURRENCY_RETRY_MS = 100;
/** Many long answers at the same time are known to be long when it is too late: for so long nothing more is let in for them. */
const MAX_DEBT_SECONDS = 10;
/** A token may be there in a millisecond, for one of the many who would come back for it. */
const MIN_RETRY_MS = 50;

/**
 * How much each tenant may ask of this gateway: requests per second and bytes per second (token buckets), and requests at the
 * same time, so that slow answers to one tenant do not take the places of all. Refusing costs a look into a map; a refused
 * request has cost nobody else anything.
 *
 * How long an answer is shows when it is there, and a body of which the head tells no length as it arrives: these bytes are owed then,
 * and who is in debt has to wait. So a page of 4 MiB is not as cheap as a get.
 *
 * A gateway counts for itself alone: n gateways let in up to n times the limit. Bounded: see {@link TenantLimitsSettings}.
 */
export class TenantLimits {
  /** The one that asked longest ago first. */
  private readonly accounts = new Map<TenantId, Account>();
  private readonly maxTenants: number;

  constructor(
    private readonly clock: Clock,
    private readonly settings: TenantLimitsSettings,
  ) {
    this.maxTenants = settings.maxTenants ?? MAX_TENANTS;
  }

  /** Tenants that are remembered. */
  get count(): number {
    return this.accounts.size;
  }

  /**
   * Counts a request of an authenticated tenant.
   * @param bodyBytes as far as its head tells
   * @throws ProblemError too-many-requests, with the fields in its headers
   */
  enter(tenantId: TenantId, bodyBytes = 0): Admitted {
    const nowMs = this.clock.monotonic();
    this.sweep(nowMs);
    const account = this.accountOf(tenantId, nowMs);
    const { limit, requests, bytes } = account;
    if (account.underWay >= limit.concurrentRequests) {
      const detail = `at most ${limit.concurrentRequests} requests of a tenant are served at the same time`;
      throw this.refusal(account, nowMs, 'concurrency', detail, CONCURRENCY_RETRY_MS);
    }
    if (bytes.left(nowMs) === 0) {
      const detail = `at most ${limit.bytesPerSecond} bytes of a tenant are taken and answered in a second`;
      throw this.refusal(account, nowMs, 'bytes', detail, bytes.msUntilNext(nowMs));
    }
    if (!requests.take(nowMs)) {
      const detail = `at most ${limit.requestsPerSecond} requests of a tenant are served in a second`;
      throw this.refusal(account, nowMs, 'requests', detail, requests.msUntilNext(nowMs));
    }
    bytes.owe(bodyBytes, nowMs);
    account.underWay++;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      account.underWay--;
    };
    const owe = (sizeBytes: number): void => this.owe(tenantId, sizeBytes);
    return { headers: fieldsOf(account, nowMs), owe, leave };
  }

  /** What it was let in with may have been forgotten since: a feed lasts for an hour. */
  private owe(tenantId: TenantId, sizeBytes: number): void {
    const nowMs = this.clock.monotonic();
    const { bytes } = this.accounts.get(tenantId) ?? this.accountOf(tenantId, nowMs);
    bytes.owe(sizeBytes, nowMs);
  }

  private accountOf(tenantId: TenantId, nowMs: number): Account {
    let account = this.accounts.get(tenantId);
    if (account === undefined) {
      const limit = this.settings.limitOf(tenantId);
      const { requestsPerSecond, burstRequests, bytesPerSecond, burstBytes } = limit;
      const requests = new TokenBucket({ tokensPerSecond: requestsPerSecond, burstTokens: burstRequests }, nowMs);
      const maxDebtTokens = MAX_DEBT_SECONDS * bytesPerSecond;
      const byteTokens = { tokensPerSecond: bytesPerSecond, burstTokens: burstBytes, maxDebtTokens };
      const bytes = new TokenBucket(byteTokens, nowMs);
      account = { limit, policy: rateLimitPolicy(limit), requests, bytes, underWay: 0 };
    } else {
      this.accounts.delete(tenantId);
    }
    this.accounts.set(tenantId, account);
    return account;
  }

  private refusal(
    account: Account,
    nowMs: number,
    policy: RateLimitPolicy,
    detail: string,
    waitMs: number,
  ): ProblemError {
    this.settings.onRefused?.(policy);
    const headers = fieldsOf(account, nowMs);
    const retryAfterMs = Math.max(MIN_RETRY_MS, Math.ceil(waitMs));
    return new ProblemError('too-many-requests', detail, {
      retryAfterMs,
      headers,
      members: { violatedPolicies: [policy] },
    });
  }

  /**
   * Forgets who is at rest, and beyond the bound who asked longest ago. Those with requests under way stay, however many they are:
   * they are as few as the gateway has places for requests.
   */
  private sweep(nowMs: number): void {
    let looks = 0;
    for (const [tenantId, account] of this.accounts) {
      if (looks++ >= SWEPT_PER_REQUEST) return;
      if (account.underWay > 0) {
        // Behind the others, or a few long answers would keep everybody else from being looked at.
        this.accounts.delete(tenantId);
        this.accounts.set(tenantId, account);
      } else if (this.accounts.size > this.maxTenants || isAtRest(account, nowMs)) {
        this.accounts.delete(tenantId);
      }
    }
  }
}

function isAtRest({ requests, bytes }: Account, nowMs: number): boolean {
  return requests.msUntilFull(nowMs) === 0 && bytes.msUntilFull(nowMs) === 0;
}

function fieldsOf({ requests, bytes, policy }: Account, nowMs: number): Record<string, string> {
  const states = [stateOf('requests', requests, nowMs), stateOf('bytes', bytes, nowMs)];
  return { 'ratelimit-policy': policy, ratelimit: rateLimit(states) };
}

function stateOf(policy: RateLimitPolicy, bucket: TokenBucket, nowMs: number): RateLimitState {
  const remaining = bucket.left(nowMs);
  const waitMs = remaining === 0 ? bucket.msUntilNext(nowMs) : bucket.msUntilFull(nowMs);
  return { policy, remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) };
}
