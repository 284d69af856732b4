import type { Clock, TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { TokenBucket } from '../limits/token-bucket.js';

/** Of one tenant at one gateway, past a budget. Enough to get at one's data, too little to live on. */
export const UNBILLED_REQUESTS_PER_SECOND = 10;
export const UNBILLED_BYTES_PER_SECOND = 2 * 1024 * 1024;
const BURST_SECONDS = 2;
/** A page of 4 MiB is known to be one when it is there; what is owed beyond is forgiven. */
const MAX_DEBT_SECONDS = 10;
/** Remembered; beyond, who asked longest ago begins with a full bucket again. */
const MAX_TENANTS = 10_000;

interface Buckets {
  readonly requests: TokenBucket;
  readonly bytes: TokenBucket;
}

/** The small rate at which tenants read and delete whose budget is used up, and nobody is billed. */
export class UnbilledRequests {
  /** In the order of use. */
  private readonly tenants = new Map<TenantId, Buckets>();

  constructor(private readonly clock: Clock) {}

  /** @throws ProblemError too-many-requests */
  enter(tenantId: TenantId): void {
    const nowMs = this.clock.monotonic();
    const { requests, bytes } = this.of(tenantId, nowMs);
    const isInDebt = bytes.left(nowMs) === 0;
    if (!isInDebt && requests.take(nowMs)) return;
    const waitMs = isInDebt ? bytes.msUntilNext(nowMs) : requests.msUntilNext(nowMs);
    const rate = `${UNBILLED_REQUESTS_PER_SECOND} requests and ${UNBILLED_BYTES_PER_SECOND} bytes in a second`;
    throw new ProblemError('too-many-requests', `a budget is used up: what is not billed has at most ${rate}`, {
      retryAfterMs: Math.max(1, Math.ceil(waitMs)),
      members: { violatedPolicies: ['budget'] },
    });
  }

  /** Of an answer. */
  owe(tenantId: TenantId, sizeBytes: number): void {
    const nowMs = this.clock.monotonic();
    this.of(tenantId, nowMs).bytes.owe(sizeBytes, nowMs);
  }

  private of(tenantId: TenantId, nowMs: number): Buckets {
    const known = this.tenants.get(tenantId) ?? bucketsAt(nowMs);
    this.tenants.delete(tenantId);
    this.tenants.set(tenantId, known);
    const [oldest] = this.tenants.keys();
    if (this.tenants.size > MAX_TENANTS && oldest !== undefined) this.tenants.delete(oldest);
    return known;
  }
}

function bucketsAt(nowMs: number): Buckets {
  const of = (tokensPerSecond: number) =>
    new TokenBucket(
      {
        tokensPerSecond,
        burstTokens: BURST_SECONDS * tokensPerSecond,
        maxDebtTokens: MAX_DEBT_SECONDS * tokensPerSecond,
      },
      nowMs,
    );
  return { requests: of(UNBILLED_REQUESTS_PER_SECOND), bytes: of(UNBILLED_BYTES_PER_SECOND) };
}
