import type { DatabaseId, TenantId } from '@leasehold/foundation';
import type { FakeClock } from '@leasehold/foundation-testing';

import type {
  ChangePage,
  DatabaseEntry,
  DirectoryChange,
  DirectorySource,
  KeyEntry,
  PublicTokenKey,
  TenantEntry,
} from '../directory-source.js';
import type { TenantSuspension } from '../revocations.js';
import type { ChangePosition, StoreView, Viewed } from '../store-view.js';
import type { TenantQuotas } from '../tenant-quotas.js';

export const LATENCY_MS = 10;

/** A store that answers as it is when the question arrives, a little later; and can be down. Changes stand where they are in its feed. */
export class FakeSource implements DirectorySource {
  readonly keys = new Map<string, KeyEntry>();
  readonly databases = new Map<string, DatabaseEntry>();
  readonly feed: DirectoryChange[] = [];
  readonly origins = new Map<TenantId, ReadonlySet<string>>();
  readonly quotas = new Map<TenantId, TenantQuotas>();
  readonly suspensions = new Map<TenantId, TenantSuspension>();
  publishedKeys: readonly PublicTokenKey[] = [];
  down = false;
  feedDown = false;
  lookupsDown = false;
  /** As long as a transaction is under way that began at this length of the feed: what came since is told in each page. */
  openSince: number | undefined;
  lookups = 0;
  lookupLatencyMs = LATENCY_MS;
  resetNext = false;
  otherServerNext = false;

  constructor(private readonly clock: FakeClock) {}

  putKey(key: KeyEntry): void {
    this.keys.set(key.id, key);
    this.feed.push({ kind: 'api-key', id: key.id });
  }

  putDatabase(tenantId: TenantId, name: string): void {
    const id = `00000000-0000-4000-8000-${String(this.databases.size).padStart(12, '0')}` as DatabaseId;
    this.databases.set(`${tenantId}/${name}`, { id, name, tenantId });
    this.feed.push({ kind: 'database', tenantId, name });
  }

  dropDatabase(tenantId: TenantId, name: string): void {
    this.databases.delete(`${tenantId}/${name}`);
    this.feed.push({ kind: 'database', tenantId, name });
  }

  apiKey(id: string): Promise<KeyEntry | undefined> {
    this.lookups++;
    return this.lookUp(() => viewed(this.keys.get(id), this.feed.length), this.lookupLatencyMs);
  }

  database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    this.lookups++;
    return this.lookUp(() => viewed(this.databases.get(`${tenantId}/${name}`), this.feed.length));
  }

  tenant(id: TenantId): Promise<TenantEntry | undefined> {
    this.lookups++;
    return this.lookUp(() => ({
      id,
      asOf: viewAt(this.feed.length),
      corsOrigins: this.origins.get(id) ?? new Set(),
      quotas: this.quotas.get(id),
      suspension: this.suspensions.get(id),
    }));
  }

  tokenKeys(): Promise<readonly PublicTokenKey[]> {
    this.lookups++;
    return this.lookUp(() => this.publishedKeys.map((key) => ({ ...key, asOf: viewAt(this.feed.length) })));
  }

  changes(since: string | undefined): Promise<ChangePage> {
    if (this.feedDown) return Promise.reject(new Error('the feed is down'));
    return this.answer(() => {
      const [reset, isOtherServer] = [this.resetNext, this.otherServerNext];
      this.resetNext = this.otherServerNext = false;
      const told = this.feed.map((change, position) => ({ ...change, position: String(position) }));
      const changes = since === undefined || reset ? [] : told.slice(Number(since));
      return { cursor: String(this.openSince ?? this.feed.length), reset, isOtherServer, changes };
    });
  }

  private async lookUp<T>(read: () => T, latencyMs?: number): Promise<T> {
    if (this.lookupsDown) throw new Error('lookups are down');
    return this.answer(read, latencyMs);
  }

  private async answer<T>(read: () => T, latencyMs = LATENCY_MS): Promise<T> {
    if (this.down) throw new Error('the store is down');
    const seen = read();
    await this.clock.sleep(latencyMs);
    return seen;
  }
}

function viewed<V extends Viewed>(entry: V | undefined, feedLength: number): V | undefined {
  return entry && { ...entry, asOf: viewAt(feedLength) };
}

function viewAt(feedLength: number): StoreView {
  return { includes: (position: ChangePosition) => Number(position) < feedLength };
}
