import {
  elapsedMsSince,
  instant,
  isLeaseholdError,
  LeaseholdError,
  type Clock,
  type Instant,
  type TenantId,
} from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { looksLikeApiKey, parseApiKey } from './api-key.js';
import { CheckedKeys } from './checked-keys.js';
import type {
  ChangeCursor,
  DatabaseEntry,
  DirectoryChange,
  DirectorySource,
  KeyEntry,
  TenantEntry,
} from './directory-source.js';
import { coversPrefix, grantsName, type KeyGrant } from './grant.js';
import { IDENTITY_PREFIX, parseIdentityBearer, type IdentityProviderEntry } from './identity/identity-provider.js';
import { IdentityTokens } from './identity/identity-tokens.js';
import type { FetchKeySet } from './identity/key-sets.js';
import { invalidToken } from './invalid-token.js';
import { endOfSecret } from './key-generations.js';
import type { KeyUses } from './key-uses.js';
import { LoadingCache } from './loading-cache.js';
import type { Principal } from './principal.js';
import { isSuspended, type Revocations } from './revocations.js';
import { includesChange, type Viewed } from './store-view.js';
import type { TokenClaims } from './token-claims.js';
import { TokenPrincipals } from './token-principals.js';
import { looksLikeToken, Tokens } from './tokens.js';

export interface DirectorySettings {
  /** Default 100,000. */
  readonly maxKeys?: number;
  /** Default 100,000. */
  readonly maxDatabases?: number;
  /** Default 100,000. */
  readonly maxTenants?: number;
  /** Distance between two looks at the change feed; default 1,000. A revocation is effective within this and one query. */
  readonly pollIntervalMs?: number;
  /** For how long keys, databases and tenants are served that the store does not confirm any more; default 15 minutes. */
  readonly maxStaleMs?: number;
}

export interface DirectoryContext {
  readonly clock: Clock;
  /** Told of each API key that is taken; not of tokens. */
  readonly uses?: Pick<KeyUses, 'note'>;
  /** How the keys of identity providers are had; undefined: none of their tokens is believed. */
  readonly fetchKeySet?: FetchKeySet;
  /** What is refused whatever the store says; undefined: nothing is told past the store. */
  readonly revocations?: Revocations;
  /** Told once when the store stops answering, and once when it answers again. */
  readonly onOutage?: (error: unknown) => void;
  readonly onRecovery?: () => void;
}

const DEFAULT_ENTRIES = 100_000;
const DEFAULT_POLL_INTERVAL_MS = 1_000;
const DEFAULT_MAX_STALE_MS = 15 * 60 * 1_000;
const MAX_PROVIDERS = 10_000;
const MAX_LOADS = 1_000;
const MISS_PACE_MS = 100;
/** For each of them all tenants are looked at; after more at once all tenants are forgotten. */
const MAX_PLAN_CHANGES = 10;
/** Half of what the feed keeps (CHANGE_RETENTION_MS of libs/metadata): after a longer pause changes may be gone. */
const MAX_FEED_PAUSE_MS = 30 * 60 * 1_000;
const RETRY_AFTER_MS = 1_000;

/**
 * Keys, tokens, databases and tenants as the data plane sees them, answered from memory.
 *
 * Time line of a revocation: control plane commits, a trigger writes the change in the same transaction, the next poll
 * (each second) reads it, the key is dropped from memory, the next request loads it and is refused. In between loads and
 * polls cannot miss each other: what was loaded stays only if the store itself says that it includes the change, and a load under way is not kept.
 *
 * With the store down, known keys and databases are served for `maxStaleMs`; anything else is `unavailable`. Creation is
 * visible at once, because absence is never cached.
 */
export class Directory {
  private readonly keys: LoadingCache<KeyEntry>;
  private readonly databases: LoadingCache<DatabaseEntry>;
  private readonly tenants: LoadingCache<TenantEntry>;
  private readonly tokens: Tokens;
  private readonly providers: LoadingCache<IdentityProviderEntry>;
  private readonly identityTokens: IdentityTokens | undefined;
  private readonly tokenPrincipals = new TokenPrincipals();
  private readonly checked: CheckedKeys;
  private readonly clock: Clock;
  private readonly pollIntervalMs: number;
  private cursor: ChangeCursor | undefined;
  private polledAt: Instant | undefined;
  private failing = false;
  private stopping: AbortController | undefined;
  private polling: Promise<void> = Promise.resolve();

  constructor(
    private readonly source: DirectorySource,
    private readonly context: DirectoryContext,
    settings: DirectorySettings = {},
  ) {
    this.clock = context.clock;
    this.pollIntervalMs = settings.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS;
    const cache = {
      maxLoads: MAX_LOADS,
      missPaceMs: MISS_PACE_MS,
      // Two polls may fail before anybody worries.
      freshMs: this.pollIntervalMs * 3,
      maxStaleMs: settings.maxStaleMs ?? DEFAULT_MAX_STALE_MS,
    };
    const loadDatabase = (key: string) => {
      const [tenantId, name] = splitDatabaseKey(key);
      return source.database(tenantId, name);
    };
    const keyCache = { ...cache, capacity: settings.maxKeys ?? DEFAULT_ENTRIES };
    const databaseCache = { ...cache, capacity: settings.maxDatabases ?? DEFAULT_ENTRIES };
    this.keys = new LoadingCache((id) => source.apiKey(id), this.clock, keyCache);
    this.checked = new CheckedKeys(keyCache.capacity);
    this.databases = new LoadingCache(loadDatabase, this.clock, databaseCache);
    const tenantCache = { ...cache, capacity: settings.maxTenants ?? DEFAULT_ENTRIES };
    this.tenants = new LoadingCache((id) => source.tenant(id as TenantId), this.clock, tenantCache);
    const loadProvider = async (id: string) => source.identityProvider?.(id);
    this.providers = new LoadingCache(loadProvider, this.clock, { ...cache, capacity: MAX_PROVIDERS });
    this.identityTokens = context.fetchKeySet && new IdentityTokens(context.fetchKeySet, this.clock);
    this.tokens = new Tokens(() => source.tokenKeys(), this.clock);
  }

  /** Begins to follow the change feed. Resolves after the first look, whether or not the store answered. */
  async start(): Promise<void> {
    if (this.stopping) return;
    const stopping = new AbortController();
    this.stopping = stopping;
    await this.poll();
    this.polling = this.followFeed(stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping?.abort(new LeaseholdError('closed', 'closed', 'the directory is stopped'));
    this.stopping = undefined;
    await this.polling;
  }

  /**
   * Who presents this API key or token.
   *
   * @throws ProblemError `invalid-api-key`: malformed, unknown, revoked or expired, which the answer does not tell apart;
   *   `invalid-token`: the same of a token, or of the key that made it; `tenant-suspended`: whatever else is right
   * @throws LeaseholdError of kind `unavailable`: not known here, and the store does not answer
   */
  async authenticate(bearer: string): Promise<Principal> {
    const isToken = !looksLikeApiKey(bearer) && looksLikeToken(bearer);
    const principal = await (bearer.startsWith(IDENTITY_PREFIX)
      ? this.authenticateIdentity(bearer)
      : isToken
        ? this.authenticateToken(bearer)
        : this.authenticateKey(bearer));
    await this.requireActive(principal.tenantId, 'the tenant is suspended');
    return principal;
  }

  /** As {@link authenticate} does for who asks: for whose database it is, where that is another tenant. @throws ProblemError tenant-suspended */
  requireActiveOwner(id: TenantId): Promise<void> {
    return this.requireActive(id, 'the owner of the database is suspended');
  }

  /** Whether the tenant is known not to be suspended, where nobody has to be asked. */
  isKnownActive(id: TenantId, at?: Instant): boolean {
    const tenant = this.tenants.known(id, at);
    return tenant !== undefined && !isSuspended(id, tenant.suspension, this.context.revocations);
  }

  /**
   * Who presents this key, where {@link authenticate} has found that out before and nothing has changed since; else undefined, and nothing was
   * looked up. Nobody is asked, and nobody waits. Tokens are not known so.
   * @param at now, as for the others of these: who asks for all of them looks at the clocks once
   */
  knownPrincipal(apiKey: string, at = instant(this.clock)): Principal | undefined {
    const checked = this.checked.get(apiKey);
    if (checked === undefined) return undefined;
    const { key, principal, endsAt } = checked;
    // Another entry than the one that was checked may have another secret, or be revoked.
    if (this.keys.known(key.id, at) !== key) return undefined;
    if (endsAt !== Infinity && endsAt <= at.wallMs) return undefined;
    if (this.context.revocations?.isRevoked(key.id) === true) return undefined;
    if (!this.isKnownActive(principal.tenantId, at)) return undefined;
    this.context.uses?.note(key.id);
    return principal;
  }

  /** As {@link database}, where nobody has to be asked; else undefined. */
  knownDatabase(tenantId: TenantId, name: string, at?: Instant): DatabaseEntry | undefined {
    return this.databases.known(databaseKey(tenantId, name), at);
  }

  /**
   * The tenant's database of this name; undefined when there is none, or it is another tenant's.
   *
   * @throws LeaseholdError of kind `unavailable`: not known here, and the store does not answer
   */
  async database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    return this.lookUp(this.databases.get(databaseKey(tenantId, name)));
  }

  /**
   * Makes the tenant's database of this name where there is none; then {@link database} finds it.
   *
   * @returns false when databases are not made here
   * @throws LeaseholdError of kind `quota`: the tenant may have no more; `unavailable`: the store does not answer, or its answer was lost: the
   *   database may be there
   */
  async createDatabase(tenantId: TenantId, name: string): Promise<boolean> {
    if (this.source.createDatabase === undefined) return false;
    await this.lookUp(this.source.createDatabase(tenantId, name));
    return true;
  }

  /**
   * What a tenant has decided for all of its databases; undefined when there is no such tenant (any more).
   *
   * @throws LeaseholdError of kind `unavailable`: not known here, and the store does not answer
   */
  async tenant(id: TenantId): Promise<TenantEntry | undefined> {
    return this.lookUp(this.tenants.get(id));
  }

  /** As {@link tenant}, where nobody has to be asked; else undefined. */
  knownTenant(id: TenantId, at?: Instant): TenantEntry | undefined {
    return this.tenants.known(id, at);
  }

  /** Ms since the store last confirmed what is in memory; undefined before the first time. */
  unconfirmedMs(): number | undefined {
    return this.polledAt && elapsedMsSince(this.clock, this.polledAt);
  }

  private async authenticateKey(bearer: string): Promise<Principal> {
    const parsed = parseApiKey(bearer);
    if (!parsed) throw invalidApiKey();
    const key = await this.lookUp(this.keys.get(parsed.id));
    // The secret comes first: whoever lacks it learns nothing about the key.
    const secretEndsAt = key && endOfSecret(parsed.secret, key, this.clock.now());
    if (!key || secretEndsAt === undefined || !this.isLive(key)) throw invalidApiKey();
    const principal = principalOf(key);
    this.context.uses?.note(key.id);
    this.checked.add(bearer, { key, principal, endsAt: Math.min(secretEndsAt, key.expiresAt ?? Infinity) });
    return principal;
  }

  /** The key that made a token is asked for each time: a token dies with its key, and never may more than that. */
  private async authenticateToken(text: string): Promise<Principal> {
    const claims = await this.lookUp(this.tokens.verify(text));
    if (claims === undefined) throw invalidToken();
    const { keyId, tenantId } = claims;
    const key = keyId === undefined ? undefined : await this.lookUp(this.keys.get(keyId));
    const isOrphan = keyId !== undefined && (!key || key.tenantId !== tenantId || !this.isLive(key));
    if (isOrphan || !isWithin(claims, key?.grant)) throw invalidToken();
    return this.tokenPrincipals.of(claims, key);
  }

  private async authenticateIdentity(bearer: string): Promise<Principal> {
    const parsed = this.identityTokens && parseIdentityBearer(bearer);
    const provider = parsed && (await this.lookUp(this.providers.get(parsed.providerId)));
    if (parsed === undefined || provider === undefined || this.identityTokens === undefined) throw invalidToken();
    if (this.context.revocations?.isProviderRemoved(parsed.providerId) === true) throw invalidToken();
    return this.identityTokens.authenticate(parsed.jwt, provider);
  }

  /** Where the store cannot tell, what was told past it decides. @throws ProblemError tenant-suspended */
  private async requireActive(id: TenantId, message: string): Promise<void> {
    const tenant = this.tenants.known(id) ?? (await this.tenants.get(id).catch(() => undefined));
    if (isSuspended(id, tenant?.suspension, this.context.revocations)) {
      throw new ProblemError('tenant-suspended', message);
    }
  }

  private isLive(key: KeyEntry): boolean {
    if (this.context.revocations?.isRevoked(key.id) === true) return false;
    return !key.revoked && (key.expiresAt === undefined || key.expiresAt > this.clock.now());
  }

  private async lookUp<V>(found: Promise<V | undefined>): Promise<V | undefined> {
    try {
      return await found;
    } catch (error) {
      if (isLeaseholdError(error, 'unavailable') || isLeaseholdError(error, 'quota')) throw error;
      const details = { cause: error, retryAfterMs: RETRY_AFTER_MS };
      throw new LeaseholdError(
        'unavailable',
        'unavailable',
        'the directory of keys and databases cannot be read',
        details,
      );
    }
  }

  private async followFeed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.clock.sleep(this.pollIntervalMs, signal);
      } catch {
        return;
      }
      await this.poll();
    }
  }

  private async poll(): Promise<void> {
    const startedAt = instant(this.clock);
    try {
      const page = await this.source.changes(this.cursor);
      const pauseMs = this.unconfirmedMs();
      if (page.isOtherServer) this.doubtEverything();
      if (page.reset || pauseMs === undefined || pauseMs > MAX_FEED_PAUSE_MS) this.forgetEverything();
      else this.forgetChanged(page.changes);
      this.cursor = page.cursor;
      this.polledAt = startedAt;
      this.keys.confirm(startedAt);
      this.databases.confirm(startedAt);
      this.tenants.confirm(startedAt);
      this.providers.confirm(startedAt);
      if (this.failing) this.context.onRecovery?.();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.context.onOutage?.(error);
      this.failing = true;
    }
  }

  /** Changes come a little late, and some again: who has read since knows of them, and need not ask. */
  private forgetChanged(changes: readonly DirectoryChange[]): void {
    if (changes.filter(({ kind }) => kind === 'plan').length > MAX_PLAN_CHANGES) this.tenants.clear();
    for (const change of changes) this.forget(change);
  }

  private forget(change: DirectoryChange): void {
    const isStillTrue = (entry: Viewed): boolean => includesChange(entry, change.position);
    switch (change.kind) {
      case 'api-key':
        return this.keys.invalidate(change.id, isStillTrue);
      case 'database':
        return this.databases.invalidate(databaseKey(change.tenantId, change.name), isStillTrue);
      case 'tenant':
        return this.tenants.invalidate(change.id, isStillTrue);
      case 'plan':
        return this.tenants.invalidateAll(isStillTrue);
      case 'token-key':
        return this.tokens.forget(isStillTrue);
      case 'identity-provider':
        return this.providers.invalidate(change.id, isStillTrue);
    }
  }

  /** Of the signing keys the feed tells in any case, and tokens of one that is gone do not last. */
  private doubtEverything(): void {
    this.keys.doubt();
    this.databases.doubt();
    this.tenants.doubt();
    this.providers.doubt();
  }

  private forgetEverything(): void {
    this.keys.clear();
    this.databases.clear();
    this.tenants.clear();
    this.providers.clear();
    this.tokens.forget();
  }
}

function principalOf({ id, tenantId, scopes, grant }: KeyEntry): Principal {
  const principal = { keyId: id, tenantId, scopes };
  return grant === undefined ? principal : { ...principal, grant: { ...grant, database: undefined } };
}

/** A token says itself to what it is confined, within what its key is confined to: else it was not made by us. */
function isWithin({ database, keyPrefix }: TokenClaims, grant: KeyGrant | undefined): boolean {
  return grant === undefined || (grantsName(grant, database.name) && coversPrefix(grant.keyPrefix, keyPrefix));
}

/** One message for every reason, so that a guesser cannot tell them apart. */
function invalidApiKey(): ProblemError {
  return new ProblemError('invalid-api-key', 'the API key is not valid');
}

function databaseKey(tenantId: string, name: string): string {
  return `${tenantId}/${name}`;
}

/** A tenant id holds no slash. */
function splitDatabaseKey(key: string): [TenantId, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash) as TenantId, key.slice(slash + 1)];
}
