import { randomUUID } from 'node:crypto';

import type {
  BudgetEntry,
  ChangePage,
  DatabaseEntry,
  DirectoryChange,
  DirectorySource,
  IdentityProviderEntry,
  KeyEntry,
  KeyGrant,
  PublicTokenKey,
  Scope,
  TenantEntry,
  TenantQuotas,
  TenantSuspension,
} from '@leasehold/directory';
import { mintApiKey, parseApiKey } from '@leasehold/directory';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { LeaseholdError, systemClock, systemRandom, UlidSource } from '@leasehold/foundation';

/** Keys, databases and tenants in memory. */
export class FakeDirectorySource implements DirectorySource {
  down = false;
  private readonly ids = new UlidSource(systemClock, systemRandom);
  private readonly keys = new Map<string, KeyEntry>();
  private readonly databases = new Map<string, DatabaseEntry>();
  private readonly origins = new Map<string, readonly string[]>();
  private readonly quotas = new Map<string, TenantQuotas>();
  private readonly budgets = new Map<string, readonly BudgetEntry[]>();
  private readonly suspensions = new Map<string, TenantSuspension>();
  private readonly providers = new Map<string, IdentityProviderEntry>();
  private publishedKeys: readonly PublicTokenKey[] = [];
  private readonly untold: DirectoryChange[] = [];

  addKey(tenantId: string, scopes: readonly Scope[], grant?: KeyGrant): string {
    const { id, key, secretHash } = mintApiKey(this.ids, systemRandom);
    const entry = { id, tenantId: tenantId as TenantId, secretHash, scopes: new Set(scopes), grant };
    this.keys.set(id, { ...entry, expiresAt: undefined, revoked: false });
    return key;
  }

  addDatabase(tenantId: string, name: string, id: string): DatabaseEntry {
    const entry = { id: id as DatabaseId, name, tenantId: tenantId as TenantId };
    this.databases.set(`${tenantId}/${name}`, entry);
    return entry;
  }

  revoke(key: string): void {
    const entry = this.keys.get(parseApiKey(key)?.id ?? '');
    if (entry === undefined) throw new Error('there is no such key');
    this.keys.set(entry.id, { ...entry, revoked: true });
    this.untold.push({ kind: 'api-key', id: entry.id });
  }

  /** Deleted, and another one made under its name. */
  replaceDatabase(tenantId: string, name: string, id: string): void {
    this.addDatabase(tenantId, name, id);
    this.untold.push({ kind: 'database', tenantId, name });
  }

  allowOrigins(tenantId: string, origins: readonly string[]): void {
    this.origins.set(tenantId, origins);
    this.untold.push({ kind: 'tenant', id: tenantId });
  }

  suspend(tenantId: string, number?: number): void {
    this.suspensions.set(tenantId, { number });
    this.untold.push({ kind: 'tenant', id: tenantId });
  }

  resume(tenantId: string): void {
    this.suspensions.delete(tenantId);
    this.untold.push({ kind: 'tenant', id: tenantId });
  }

  setQuotas(tenantId: string, quotas: TenantQuotas): void {
    this.quotas.set(tenantId, quotas);
    this.untold.push({ kind: 'tenant', id: tenantId });
  }

  setBudgets(tenantId: string, ...budgets: readonly BudgetEntry[]): void {
    this.budgets.set(tenantId, budgets);
    this.untold.push({ kind: 'tenant', id: tenantId });
  }

  publish(...keys: readonly PublicTokenKey[]): void {
    this.publishedKeys = keys;
    this.untold.push({ kind: 'token-key' });
  }

  /** Whoever follows the changes has been told of all. */
  get allTold(): boolean {
    return this.untold.length === 0;
  }

  async apiKey(id: string): Promise<KeyEntry | undefined> {
    this.answer();
    return this.keys.get(id);
  }

  async database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    this.answer();
    return this.databases.get(`${tenantId}/${name}`);
  }

  /** How many databases a tenant may have. */
  databasesAllowed = Infinity;

  async createDatabase(tenantId: TenantId, name: string): Promise<void> {
    this.answer();
    if (this.databases.has(`${tenantId}/${name}`)) return;
    const made = [...this.databases.keys()].filter((key) => key.startsWith(`${tenantId}/`)).length;
    if (made >= this.databasesAllowed) throw new LeaseholdError('quota', 'quota-exceeded', 'as many as it may have');
    this.addDatabase(tenantId, name, randomUUID());
  }

  /** That another tenant has granted to this one. */
  share(tenantId: string, sharedName: string, entry: DatabaseEntry, access: 'read' | 'write'): void {
    this.databases.set(`${tenantId}/${sharedName}`, { ...entry, access });
  }

  unshare(tenantId: string, sharedName: string): void {
    this.databases.delete(`${tenantId}/${sharedName}`);
    this.untold.push({ kind: 'database', tenantId, name: sharedName });
  }

  async tenant(id: TenantId): Promise<TenantEntry | undefined> {
    this.answer();
    return {
      id,
      corsOrigins: new Set(this.origins.get(id)),
      quotas: this.quotas.get(id),
      suspension: this.suspensions.get(id),
      budgets: this.budgets.get(id),
    };
  }

  addProvider(provider: IdentityProviderEntry): void {
    this.providers.set(provider.id, provider);
    this.untold.push({ kind: 'identity-provider', id: provider.id });
  }

  async identityProvider(id: string): Promise<IdentityProviderEntry | undefined> {
    this.answer();
    return this.providers.get(id);
  }

  async tokenKeys(): Promise<readonly PublicTokenKey[]> {
    this.answer();
    return this.publishedKeys;
  }

  async changes(): Promise<ChangePage> {
    this.answer();
    return { cursor: 'now', reset: false, changes: this.untold.splice(0) };
  }

  private answer(): void {
    if (this.down) throw new Error('connection refused');
  }
}
