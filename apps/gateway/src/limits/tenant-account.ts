import type { TenantDemand } from '@leasehold/directory';
import type { Linked } from '@leasehold/foundation';

import { DemandMeter } from './demand-meter.js';
import type { RateLimitState } from './rate-limit-fields.js';
import { rateLimit, rateLimitPolicy } from './rate-limit-fields.js';
import { burstShare, rateShare } from './rate-share.js';
import type { LimitedTenant, TenantLimit } from './tenant-limit.js';
import type { TokenBucketSettings } from './token-bucket.js';
import { TokenBucket } from './token-bucket.js';

/** Many long answers at the same time are known to be long when it is too late: for so long nothing more is let in for them. */
const MAX_DEBT_SECONDS = 10;

/** What is known of the other gateways, as far as one tenant goes. */
export interface Elsewhere {
  /** This one included. */
  readonly gateways: number;
  /** Of all others together; undefined where nobody can tell, and each gets an equal part. */
  readonly demand: TenantDemand | undefined;
}

/** What is counted for one tenant. At rest it equals a new one, and may be forgotten. */
export class TenantAccount implements Linked<TenantAccount> {
  newer: TenantAccount | undefined;
  older: TenantAccount | undefined;
  /** Requests that were let in and have not left. */
  underWay = 0;
  /** When somebody asked last, monotonic. */
  askedAtMs: number;
  /** Whether it is among those whose demand is told to other gateways. */
  isTold = false;
  /** `RateLimit-Policy`. */
  policy: string;
  readonly requests: TokenBucket;
  readonly bytes: TokenBucket;
  private readonly asked = new DemandMeter();
  private readonly used = new DemandMeter();
  private owedBytes = 0;

  constructor(
    public tenant: LimitedTenant,
    public limit: TenantLimit,
    private elsewhere: Elsewhere,
    nowMs: number,
  ) {
    this.askedAtMs = nowMs;
    this.policy = rateLimitPolicy(limit);
    this.requests = new TokenBucket(this.requestSettings, nowMs);
    this.bytes = new TokenBucket(this.byteSettings, nowMs);
  }

  /** What it may has changed. */
  adopt(tenant: LimitedTenant, limit: TenantLimit, nowMs: number): void {
    this.tenant = tenant;
    this.limit = limit;
    this.policy = rateLimitPolicy(limit);
    this.retune(nowMs);
  }

  /** What is asked at other gateways has changed. */
  share(elsewhere: Elsewhere, nowMs: number): void {
    this.elsewhere = elsewhere;
    this.retune(nowMs);
  }

  /** Somebody asks, whether or not it is let in. */
  ask(): void {
    this.asked.add(1);
  }

  /** So many bytes were taken or answered. */
  oweBytes(sizeBytes: number, nowMs: number): void {
    this.used.add(sizeBytes);
    this.bytes.owe(sizeBytes, nowMs);
  }

  /** What is asked in a second, after one more of them. Who is in debt asks for what it owes. */
  tick(elapsedSeconds: number, nowMs: number): TenantDemand {
    this.asked.tick(elapsedSeconds);
    this.used.tick(elapsedSeconds);
    this.owedBytes = this.bytes.debt(nowMs);
    return this.demand;
  }

  isAtRest(nowMs: number): boolean {
    return this.requests.msUntilFull(nowMs) === 0 && this.bytes.msUntilFull(nowMs) === 0;
  }

  /** `RateLimit`, as it is now. */
  state(nowMs: number): string {
    return rateLimit(stateOf(this.requests, nowMs), stateOf(this.bytes, nowMs));
  }

  private get demand(): TenantDemand {
    return { requests: this.asked.perSecond, bytes: this.used.perSecond + this.owedBytes };
  }

  private retune(nowMs: number): void {
    this.requests.retune(this.requestSettings, nowMs);
    this.bytes.retune(this.byteSettings, nowMs);
  }

  private get requestSettings(): TokenBucketSettings {
    const { requestsPerSecond, burstRequests } = this.limit;
    return this.shareOf('requests', requestsPerSecond, burstRequests);
  }

  private get byteSettings(): TokenBucketSettings {
    const { bytesPerSecond, burstBytes } = this.limit;
    return { ...this.shareOf('bytes', bytesPerSecond, burstBytes), maxDebtTokens: MAX_DEBT_SECONDS * bytesPerSecond };
  }

  private shareOf(what: keyof TenantDemand, total: number, burst: number): TokenBucketSettings {
    const { gateways, demand } = this.elsewhere;
    if (demand === undefined) return { tokensPerSecond: total / gateways, burstTokens: Math.max(1, burst / gateways) };
    const asked = { total, own: this.demand[what], others: demand[what], gateways };
    return { tokensPerSecond: rateShare(asked), burstTokens: burstShare(burst, asked) };
  }
}

function stateOf(bucket: TokenBucket, nowMs: number): RateLimitState {
  const remaining = bucket.left(nowMs);
  const waitMs = remaining === 0 ? bucket.msUntilNext(nowMs) : bucket.msUntilFull(nowMs);
  return { remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) };
}
