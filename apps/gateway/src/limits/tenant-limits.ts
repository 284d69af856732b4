import type { Clock, TenantId } from '@leasehold/foundation';
import { Recency } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import type { RateLimitPolicy } from './rate-limit-fields.js';
import { TenantAccount } from './tenant-account.js';
import type { TenantLimit } from './tenant-limit.js';

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

/** Some 300 bytes each: 30 MB where as many tenants ask within the seconds in which a bucket fills. */
const MAX_TENANTS = 100_000;
/** Each request looks at so many of those that asked longest ago; more than one, so that what is at rest goes faster than it comes. */
const SWEPT_PER_REQUEST = 2;
/** Who waits for a slow answer of his own to end; nobody can say for how long. */
const CONCURRENCY_RETRY_MS = 100;
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
  private readonly accounts = new Map<TenantId, TenantAccount>();
  /** Apart from the map, whose order costs more to change than all the rest of this. */
  private readonly recency = new Recency<TenantAccount>();
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
    const account = this.asking(tenantId, nowMs);
    const policy = refusing(account, nowMs);
    if (policy !== undefined) throw this.refusal(account, nowMs, policy);
    count(account, bodyBytes, nowMs);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      account.underWay--;
    };
    const owe = (sizeBytes: number): void => this.owe(tenantId, sizeBytes);
    return { headers: fieldsOf(account, nowMs), owe, leave };
  }

  /**
   * The same for who takes one off `underWay` of the account by itself, once. Undefined where {@link enter} would throw, and nothing was
   * counted then.
   */
  enterQuietly(tenantId: TenantId, bodyBytes: number, nowMs: number): TenantAccount | undefined {
    const account = this.asking(tenantId, nowMs);
    if (refusing(account, nowMs) !== undefined) return undefined;
    count(account, bodyBytes, nowMs);
    return account;
  }

  /** What it was let in with may have been forgotten since: a feed lasts for an hour. */
  private owe(tenantId: TenantId, sizeBytes: number): void {
    const nowMs = this.clock.monotonic();
    this.accountOf(tenantId, nowMs).bytes.owe(sizeBytes, nowMs);
  }

  private asking(tenantId: TenantId, nowMs: number): TenantAccount {
    this.sweep(nowMs);
    const account = this.accountOf(tenantId, nowMs);
    this.recency.touch(account);
    return account;
  }

  private accountOf(tenantId: TenantId, nowMs: number): TenantAccount {
    const known = this.accounts.get(tenantId);
    if (known !== undefined) return known;
    const account = new TenantAccount(tenantId, this.settings.limitOf(tenantId), nowMs);
    this.accounts.set(tenantId, account);
    this.recency.add(account);
    return account;
  }

  private refusal(account: TenantAccount, nowMs: number, policy: RateLimitPolicy): ProblemError {
    const { limit } = account;
    this.settings.onRefused?.(policy);
    const { detail, waitMs } = {
      concurrency: {
        detail: `at most ${limit.concurrentRequests} requests of a tenant are served at the same time`,
        waitMs: CONCURRENCY_RETRY_MS,
      },
      bytes: {
        detail: `at most ${limit.bytesPerSecond} bytes of a tenant are taken and answered in a second`,
        waitMs: account.bytes.msUntilNext(nowMs),
      },
      requests: {
        detail: `at most ${limit.requestsPerSecond} requests of a tenant are served in a second`,
        waitMs: account.requests.msUntilNext(nowMs),
      },
    }[policy];
    return new ProblemError('too-many-requests', detail, {
      retryAfterMs: Math.max(MIN_RETRY_MS, Math.ceil(waitMs)),
      headers: fieldsOf(account, nowMs),
      members: { violatedPolicies: [policy] },
    });
  }

  /**
   * Forgets who is at rest, and beyond the bound who asked longest ago. Those with requests under way stay, however many they are:
   * they are as few as the gateway has places for requests.
   */
  private sweep(nowMs: number): void {
    let next = this.recency.oldest;
    for (let looks = 0; looks < SWEPT_PER_REQUEST && next !== undefined; looks++) {
      const account = next;
      next = account.newer;
      if (account.underWay > 0) {
        // Behind the others, or a few long answers would keep everybody else from being looked at.
        this.recency.touch(account);
      } else if (this.accounts.size > this.maxTenants || account.isAtRest(nowMs)) {
        this.accounts.delete(account.tenantId);
        this.recency.remove(account);
      }
    }
  }
}

/** The policy that speaks against one more request now. */
function refusing({ limit, underWay, bytes, requests }: TenantAccount, nowMs: number): RateLimitPolicy | undefined {
  if (underWay >= limit.concurrentRequests) return 'concurrency';
  if (bytes.left(nowMs) === 0) return 'bytes';
  return requests.left(nowMs) === 0 ? 'requests' : undefined;
}

function count(account: TenantAccount, bodyBytes: number, nowMs: number): void {
  account.requests.take(nowMs);
  account.bytes.owe(bodyBytes, nowMs);
  account.underWay++;
}

function fieldsOf(account: TenantAccount, nowMs: number): Record<string, string> {
  return { 'ratelimit-policy': account.policy, ratelimit: account.state(nowMs) };
}
