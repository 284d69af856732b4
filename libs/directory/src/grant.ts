import type { DatabaseId } from '@leasehold/foundation';

/**
 * To what a caller is confined, beside the tenant and the scopes. Every route keeps to it: what lies outside does not exist for the
 * caller, or is refused.
 */
export interface Grant {
  /** The only database; undefined: all of the tenant. */
  readonly database: GrantedDatabase | undefined;
  /** Only keys that begin so; undefined: all. Never empty. */
  readonly keyPrefix: Uint8Array | undefined;
}

export interface GrantedDatabase {
  /** Decides: a name may come to stand for another database. */
  readonly id: DatabaseId;
  readonly name: string;
}
