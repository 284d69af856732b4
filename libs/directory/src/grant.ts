import { startsWith, type DatabaseId } from '@leasehold/foundation';

import { coversPatterns, matchesPatterns } from './database-patterns.js';

/** To what an API key is confined, beside the tenant and the scopes. Decided when the key is made, and never changed. */
export interface KeyGrant {
  /** Only databases whose names these patterns stand for; undefined: all of the tenant. */
  readonly databases: readonly string[] | undefined;
  /** Only keys that begin so; undefined: all. Never empty. */
  readonly keyPrefix: Uint8Array | undefined;
}

/**
 * To what a caller is confined, beside the tenant and the scopes. Every route keeps to it: what lies outside does not exist for the
 * caller, or is refused.
 */
export interface Grant extends Omit<KeyGrant, 'databases'> {
  /** Of a token the only database; undefined: all that `databases` leaves. */
  readonly database: GrantedDatabase | undefined;
  readonly databases?: KeyGrant['databases'];
}

export interface GrantedDatabase {
  /** Decides: a name may come to stand for another database. */
  readonly id: DatabaseId;
  readonly name: string;
}

/** Whether a database of this name is anything to the caller, as far as names tell. */
export function grantsName(grant: Pick<Grant, 'databases'> | undefined, name: string): boolean {
  return grant?.databases === undefined || matchesPatterns(grant.databases, name);
}

/** Whether `wanted` leaves no database open that `held` does not. */
export function coversDatabases(held: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return held === undefined || (wanted !== undefined && coversPatterns(held, wanted));
}

/** Whether `wanted` leaves no key open that `held` does not. */
export function coversPrefix(held: Uint8Array | undefined, wanted: Uint8Array | undefined): boolean {
  return held === undefined || (wanted !== undefined && startsWith(wanted, held));
}
