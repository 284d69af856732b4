import type { ChangePage, DatabaseEntry, DirectorySource, KeyEntry, Scope, TenantEntry } from '@leasehold/directory';
import { mintApiKey } from '@leasehold/directory';
import { LeaseholdError, systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import type { TenantId } from '@leasehold/foundation';

import { databaseIdOf } from './database-id-of.js';

/** Keys that one process may have made; each is some 200 bytes. */
const MAX_KEYS = 100_000;
const EVERYBODY = new Set(['*']);
const NOTHING_CHANGED: ChangePage = { cursor: 'the only one', reset: false, changes: [] };

/** Keys and databases without a control plane: keys are those that this process has made, databases are what their names say. */
export class LocalDirectory implements DirectorySource {
  private readonly ids = new UlidSource(systemClock, systemRandom);
  private readonly keys = new Map<string, KeyEntry>();

  /** @param databases names of those that there are; undefined: all that one may ask for */
  constructor(private readonly databases: ReadonlySet<string> | undefined) {}

  /** @throws LeaseholdError (quota) past {@link MAX_KEYS} */
  createKey(tenantId: TenantId, scopes: readonly Scope[]): string {
    if (this.keys.size >= MAX_KEYS) {
      throw new LeaseholdError('quota', 'too-many-keys', `this process has made as many keys as it may: ${MAX_KEYS}`);
    }
    const { id, key, secretHash } = mintApiKey(this.ids, systemRandom);
    this.keys.set(id, { id, tenantId, secretHash, scopes: new Set(scopes), expiresAt: undefined, revoked: false });
    return key;
  }

  async apiKey(id: string): Promise<KeyEntry | undefined> {
    return this.keys.get(id);
  }

  async database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    if (this.databases?.has(name) === false) return undefined;
    return { id: databaseIdOf(tenantId, name), tenantId, name };
  }

  /** Pages of any origin may ask: whoever has a key of this process got it from this process. */
  async tenant(id: TenantId): Promise<TenantEntry> {
    return { id, corsOrigins: EVERYBODY };
  }

  async tokenKeys(): Promise<readonly []> {
    return [];
  }

  async changes(): Promise<ChangePage> {
    return NOTHING_CHANGED;
  }
}
