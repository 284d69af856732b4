import type { BoardView, Demands, TenantDemand } from '@leasehold/directory';
import { BOARD_TENANTS } from '@leasehold/directory';
import type { Clock, TenantId } from '@leasehold/foundation';
import { Recency } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import type { RateLimitPolicy } from './rate-limit-fields.js';
import type { Elsewhere } from './tenant-account.js';
import { TenantAccount } from './tenant-account.js';
import type { LimitedTenant, TenantLimit } from './tenant-limit.js';

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
  readonly limitOf: (tenant: LimitedTenant) => TenantLimit;
  /** Whether other gateways are told what is asked here ({@link TenantLimits.tick}); false by default. */
  readonly isShared?: boolean;
  /** Tenants that are remembered; beyond, the ones that asked longest ago begin with a full bucket again. */
  readonly maxTenants?: number;
  readonly onRefused?: (policy: RateLimitPolicy) => void;
}

/** A tenant of whom enough is asked here to matter elsewhere. */
interface Pressing {
  readonly account: TenantAccount;
  readonly demand: TenantDemand;
  /** Of an even share of its limit. */
  readonly pressure: number;
}

/** Some 300 bytes each: 30 MB where as many tenants ask within the seconds in which a bucket fills. */
const MAX_TENANTS = 100_000;
/** Each request looks at so many of those that asked longest ago; more than one, so that what is at rest goes faster than it comes. */
const SWEPT_PER_REQUEST = 2;
/** Who has asked so lately is remembered, also at rest: he may ask again, and beginning an account costs more than finding one. */
const REMEMBERED_MS = 5_000;
/** Of an even share: who asks less of this gateway is no matter to the others. */
const TOLD_SHARE = 1 / 100;
const NO_DEMAND: TenantDemand = { requests: 0, bytes: 0 };
const NOTHING_KNOWN: Demands = new Map();
/** Who waits for a slow answer of his own to end; nobody can say for how long. */
const CONCURRENCY_RETRY_MS = 100;
/** A token may be there in a millisecond, for one of the many who would come back for it. */
const MIN_RETRY_MS = 50;

/**
 * How much each tenant may ask: requests per second and bytes per second (token buckets), and requests at the
 * same time, so that slow answers to one tenant do not take the places of all. Refusing costs a look into a map; a refused
 * request has cost nobody else anything.
 *
 * How long an answer is shows when it is there, and a body of which the head tells no length as it arrives: these bytes are owed then,
 * and who is in debt has to wait. So a page of 4 MiB is not as cheap as a get.
 *
 * Rates hold for all gateways together: each lets in its share (`rateShare`), by what is asked of it and of the others, told once a second
 * ({@link tick}, {@link hear}). A burst is at hand at each of them, so that it may be spent wherever a client happens to be, until it is known that too
 * much is asked; what comes back afterwards comes back once for all. In t seconds n gateways let in t times the rate and n bursts at most.
 */
export class TenantLimits {
  private readonly accounts = new Map<TenantId, TenantAccount>();
  /** Apart from the map, whose order costs more to change than all the rest of this. */
  private readonly recency = new Recency<TenantAccount>();
  private readonly maxTenants: number;
  /** Those of whom something was asked lately. */
  private told: TenantAccount[] = [];
  /** Of those, the ones of whom enough is asked to matter to other gateways: in the latest second, and in the one before. */
  private pressed: readonly TenantAccount[] = [];
  private pressedBefore: readonly TenantAccount[] = [];
  private gateways = 1;
  /** Undefined: nobody can tell. */
  private others: Demands | undefined = NOTHING_KNOWN;

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
  enter(tenant: LimitedTenant, bodyBytes = 0): Admitted {
    const nowMs = this.clock.monotonic();
    const account = this.asking(tenant, nowMs);
    account.ask();
    const policy = refusing(account, nowMs);
    if (policy !== undefined) throw this.refusal(account, nowMs, policy);
    count(account, bodyBytes, nowMs);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      account.underWay--;
    };
    const owe = (sizeBytes: number): void => this.owe(tenant, sizeBytes);
    return { headers: fieldsOf(account, nowMs), owe, leave };
  }

  /**
   * The same for who takes one off `underWay` of the account by itself, once. Undefined where {@link enter} would throw, and nothing was
   * counted then, nor as asked: who asks goes there next.
   */
  enterQuietly(tenant: LimitedTenant, bodyBytes: number, nowMs: number): TenantAccount | undefined {
    const account = this.asking(tenant, nowMs);
    if (refusing(account, nowMs) !== undefined) return undefined;
    account.ask();
    count(account, bodyBytes, nowMs);
    return account;
  }

  /** As it was when it asked last, while it is remembered. */
  known(tenantId: TenantId): LimitedTenant | undefined {
    return this.accounts.get(tenantId)?.tenant;
  }

  /** A second is over, or so: what was asked in it, as far as it matters to other gateways; the most pressing where there is too much. */
  tick(elapsedSeconds: number): Demands {
    const nowMs = this.clock.monotonic();
    const pressing: Pressing[] = [];
    this.told = this.told.filter((account) => {
      const demand = account.tick(elapsedSeconds, nowMs);
      const { requestsPerSecond, bytesPerSecond } = account.limit;
      const pressure = this.gateways * Math.max(demand.requests / requestsPerSecond, demand.bytes / bytesPerSecond);
      if (pressure >= TOLD_SHARE) pressing.push({ account, demand, pressure });
      account.isTold = pressure > 0 && this.accounts.get(account.tenant.id) === account;
      return account.isTold;
    });
    this.pressedBefore = this.pressed;
    this.pressed = pressing.map(({ account }) => account);
    if (pressing.length > BOARD_TENANTS) pressing.sort((a, b) => b.pressure - a.pressure);
    return new Map(pressing.slice(0, BOARD_TENANTS).map(({ account, demand }) => [account.tenant.id, demand]));
  }

  /** What is asked of the other gateways. */
  hear({ otherGateways, others }: BoardView): void {
    const before = this.others;
    const isOther = before === undefined || this.gateways !== otherGateways + 1;
    this.gateways = otherGateways + 1;
    this.others = others;
    if (isOther) return this.shareAmong(this.accounts.values());
    const heard = [...before.keys(), ...others.keys()].flatMap((id) => this.accounts.get(id as TenantId) ?? []);
    // To all others it makes no difference.
    this.shareAmong(new Set([...this.pressed, ...this.pressedBefore, ...heard]));
  }

  /** Nobody can tell any more what is asked of the others: each gets an equal part, by as many as there were. */
  lose(): void {
    this.others = undefined;
    this.shareAmong(this.accounts.values());
  }

  private shareAmong(accounts: Iterable<TenantAccount>): void {
    const nowMs = this.clock.monotonic();
    for (const account of accounts) account.share(this.elsewhere(account.tenant.id), nowMs);
  }

  /** What it was let in with may have been forgotten since: a feed lasts for an hour. */
  private owe(tenant: LimitedTenant, sizeBytes: number): void {
    const nowMs = this.clock.monotonic();
    // It may know the tenant as it was before.
    const account = this.accounts.get(tenant.id) ?? this.accountOf(tenant, nowMs);
    account.oweBytes(sizeBytes, nowMs);
    this.tell(account);
  }

  private asking(tenant: LimitedTenant, nowMs: number): TenantAccount {
    this.sweep(nowMs);
    const account = this.accountOf(tenant, nowMs);
    account.askedAtMs = nowMs;
    this.recency.touch(account);
    this.tell(account);
    return account;
  }

  private tell(account: TenantAccount): void {
    if (account.isTold || this.settings.isShared !== true) return;
    account.isTold = true;
    this.told.push(account);
  }

  private accountOf(tenant: LimitedTenant, nowMs: number): TenantAccount {
    const known = this.accounts.get(tenant.id);
    if (known !== undefined) {
      if (known.tenant !== tenant) known.adopt(tenant, this.settings.limitOf(tenant), nowMs);
      return known;
    }
    const account = new TenantAccount(tenant, this.settings.limitOf(tenant), this.elsewhere(tenant.id), nowMs);
    this.accounts.set(tenant.id, account);
    this.recency.add(account);
    return account;
  }

  private elsewhere(tenantId: TenantId): Elsewhere {
    const { gateways, others } = this;
    return { gateways, demand: others && (others.get(tenantId) ?? NO_DEMAND) };
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
   * Forgets who is at rest and has not asked lately, and beyond the bound who asked longest ago. Those with requests under way stay, however many they are:
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
      } else if (this.accounts.size > this.maxTenants || this.mayForget(account, nowMs)) {
        this.accounts.delete(account.tenant.id);
        this.recency.remove(account);
      }
    }
  }

  private mayForget(account: TenantAccount, nowMs: number): boolean {
    return !account.isTold && nowMs - account.askedAtMs >= REMEMBERED_MS && account.isAtRest(nowMs);
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
  if (bodyBytes > 0) account.oweBytes(bodyBytes, nowMs);
  account.underWay++;
}

function fieldsOf(account: TenantAccount, nowMs: number): Record<string, string> {
  return { 'ratelimit-policy': account.policy, ratelimit: account.state(nowMs) };
}
