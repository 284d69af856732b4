import type { DatabaseId, TenantId } from '@leasehold/foundation';

import type { Scope } from './scope.js';

/** A key as far as it takes to check one. */
export interface KeyEntry {
  readonly id: string;
  readonly tenantId: TenantId;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  readonly scopes: ReadonlySet<Scope>;
  /** Ms since the epoch. */
  readonly expiresAt: number | undefined;
  readonly revoked: boolean;
}

export interface DatabaseEntry {
  readonly id: DatabaseId;
  readonly name: string;
  readonly tenantId: TenantId;
}

export type DirectoryChange =
  | { readonly kind: 'api-key'; readonly id: string }
  | { readonly kind: 'database'; readonly tenantId: string; readonly name: string };

/** Where the feed was left. Opaque. */
export type ChangeCursor = string;

export interface ChangePage {
  readonly cursor: ChangeCursor;
  /** The feed cannot tell what changed since the given cursor: assume that everything did. */
  readonly reset: boolean;
  /** Everything that was committed since the given cursor, some of it perhaps again. In no order. */
  readonly changes: readonly DirectoryChange[];
}

/** The store behind the directory. Every method rejects when the store does not answer, within a bounded time. */
export interface DirectorySource {
  /** Sees everything that was committed before the call. */
  apiKey(id: string): Promise<KeyEntry | undefined>;
  /** Sees everything that was committed before the call; never another tenant's database. */
  database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined>;
  /** What was committed since the cursor; with undefined, only where the feed is now. */
  changes(since: ChangeCursor | undefined): Promise<ChangePage>;
}
