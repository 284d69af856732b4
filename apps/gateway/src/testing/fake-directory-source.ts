import type { ChangePage, DatabaseEntry, DirectorySource, KeyEntry, Scope } from '@leasehold/directory';
import { mintApiKey } from '@leasehold/directory';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';

/** Keys and databases in memory. */
export class FakeDirectorySource implements DirectorySource {
  down = false;
  private readonly ids = new UlidSource(systemClock, systemRandom);
  private readonly keys = new Map<string, KeyEntry>();
  private readonly databases = new Map<string, DatabaseEntry>();

  addKey(tenantId: string, scopes: readonly Scope[]): string {
    const { id, key, secretHash } = mintApiKey(this.ids, systemRandom);
    const entry = { id, tenantId: tenantId as TenantId, secretHash, scopes: new Set(scopes) };
    this.keys.set(id, { ...entry, expiresAt: undefined, revoked: false });
    return key;
  }

  addDatabase(tenantId: string, name: string, id: string): DatabaseEntry {
    const entry = { id: id as DatabaseId, name, tenantId: tenantId as TenantId };
    this.databases.set(`${tenantId}/${name}`, entry);
    return entry;
  }

  async apiKey(id: string): Promise<KeyEntry | undefined> {
    this.answer();
    return this.keys.get(id);
  }

  async database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    this.answer();
    return this.databases.get(`${tenantId}/${name}`);
  }

  async changes(): Promise<ChangePage> {
    this.answer();
    return { cursor: 'now', reset: false, changes: [] };
  }

  private answer(): void {
    if (this.down) throw new Error('connection refused');
  }
}
