import {
  elapsedMsSince,
  instant,
  LeaseholdError,
  type Clock,
  type Instant,
  type TenantId,
} from '@leasehold/foundation';

import { readKeySet, type IdentityKey, type KeySet } from './key-set.js';
import { TenantPlaces, type TenantPlacesSettings } from './tenant-places.js';

/** Of 64 KiB at most as text, and some KiB mostly. */
const MAX_SETS = 1_000;
/** Of one tenant: twice as many as it may have providers. Whoever changes their URLs again and again pushes out their own. */
const MAX_TENANT_SETS = 40;
/** Served without a doubt; then served, and fetched again meanwhile. A key that was taken out of its set is believed for so long, and no longer while the provider answers. */
const FRESH_MS = 10 * 60 * 1_000;
/** While the provider does not answer. */
const MAX_STALE_MS = 60 * 60 * 1_000;
/** Of one set of one tenant: fetches for kids that it lacks, and after a failure. */
const PACE_MS = 30_000;
/** Under way at once: tenants decide where they go, and how long they take. Each is a socket, and 64 KiB at most. */
const FETCHES: TenantPlacesSettings = { shared: 50, perTenant: 4, most: 500 };
const RETRY_AFTER_MS = 1_000;

/** The bytes at a URL that a tenant has named; rejects within a bounded time. */
export type FetchKeySet = (url: string) => Promise<Uint8Array>;

interface CachedSet {
  readonly tenantId: TenantId;
  readonly url: string;
  keys: KeySet | undefined;
  fetchedAt: Instant | undefined;
  triedAt: Instant | undefined;
  fetching: Promise<void> | undefined;
  /** Why the last fetch brought nothing; undefined: it did, or there was none. */
  failure: unknown;
}

/**
 * Public keys of identity providers, from memory. One fetch per set at a time, however many tokens ask; made-up kids cost a set one fetch
 * each 30 s, and a provider that is away costs nobody but its own tokens anything.
 *
 * Each tenant has its own, also where several name one URL, as customers of one provider may: no tenant delays the fetch of another's new key by asking for
 * kids that there are not, nor takes away from it, by naming ever more URLs, the keys that hold while the provider is away.
 */
export class KeySets {
  /** By tenant and URL; in the order of use, latest last. */
  private readonly sets = new Map<string, CachedSet>();
  private readonly fetches = new TenantPlaces(FETCHES);

  constructor(
    private readonly fetch: FetchKeySet,
    private readonly clock: Clock,
  ) {}

  /**
   * What is known of a key. Nobody waits: a set that is not fresh any more is fetched again meanwhile, also where all that is asked for is remembered.
   */
  known(tenantId: TenantId, url: string, kid: string): IdentityKey | undefined {
    const set = this.used(nameOf(tenantId, url));
    if (set === undefined || !this.isServed(set)) return undefined;
    if (!this.isFresh(set)) void this.refresh(set);
    return set.keys?.get(kid);
  }

  /**
   * The key of this kid; undefined when the set has none.
   * @throws LeaseholdError unavailable: no keys are known, and the provider does not answer with any; `cause` says what it does
   */
  async find(tenantId: TenantId, url: string, kid: string): Promise<IdentityKey | undefined> {
    const key = this.known(tenantId, url, kid);
    if (key !== undefined) return key;
    const set = this.used(nameOf(tenantId, url)) ?? this.add(tenantId, url);
    await this.refresh(set);
    if (!this.isServed(set)) {
      throw new LeaseholdError('unavailable', 'unavailable', 'the keys of the identity provider cannot be had', {
        retryAfterMs: RETRY_AFTER_MS,
        cause: set.failure,
      });
    }
    return set.keys?.get(kid);
  }

  /** Never rejects; whether it brought anything, the set tells. */
  private refresh(set: CachedSet): Promise<void> {
    if (set.fetching !== undefined) return set.fetching;
    const isTooSoon = set.triedAt !== undefined && elapsedMsSince(this.clock, set.triedAt) < PACE_MS;
    const leave = isTooSoon ? undefined : this.fetches.enter(set.tenantId);
    if (leave === undefined) return Promise.resolve();
    set.triedAt = instant(this.clock);
    set.fetching = this.load(set).finally(() => {
      leave();
      set.fetching = undefined;
    });
    return set.fetching;
  }

  private async load(set: CachedSet): Promise<void> {
    const fetchedAt = instant(this.clock);
    try {
      const keys = await readKeySet(await this.fetch(set.url));
      if (keys === undefined) throw new Error('what the provider answers is no key set');
      set.keys = keys;
      set.fetchedAt = fetchedAt;
      set.failure = undefined;
    } catch (error) {
      // What was known is served until it is stale; then its tokens learn it.
      set.failure = error;
    }
  }

  private used(name: string): CachedSet | undefined {
    const set = this.sets.get(name);
    if (set === undefined) return undefined;
    this.sets.delete(name);
    this.sets.set(name, set);
    return set;
  }

  private add(tenantId: TenantId, url: string): CachedSet {
    this.makeRoom(tenantId);
    const none = { keys: undefined, fetchedAt: undefined, triedAt: undefined, fetching: undefined, failure: undefined };
    const set = { tenantId, url, ...none };
    this.sets.set(nameOf(tenantId, url), set);
    return set;
  }

  /** Of the tenant's own sets the one that was used longest ago goes where those are many, else that of all. */
  private makeRoom(tenantId: TenantId): void {
    const own = [...this.sets].filter(([, set]) => set.tenantId === tenantId);
    const [oldestOwn] = own[0] ?? [];
    const [oldest] = this.sets.keys();
    if (own.length >= MAX_TENANT_SETS && oldestOwn !== undefined) this.sets.delete(oldestOwn);
    else if (this.sets.size >= MAX_SETS && oldest !== undefined) this.sets.delete(oldest);
  }

  private isFresh({ fetchedAt }: CachedSet): boolean {
    return fetchedAt !== undefined && elapsedMsSince(this.clock, fetchedAt) <= FRESH_MS;
  }

  private isServed({ fetchedAt }: CachedSet): boolean {
    return fetchedAt !== undefined && elapsedMsSince(this.clock, fetchedAt) <= MAX_STALE_MS;
  }
}

/** Tenant ids have no spaces. */
function nameOf(tenantId: TenantId, url: string): string {
  return `${tenantId} ${url}`;
}
