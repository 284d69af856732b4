import type { Version } from '@leasehold/foundation';
import { compareBytes } from '@leasehold/foundation';

/** What one commit did to one key. Neither array may be changed once it is handed over: tables, caches and answers share them. */
export interface Entry {
  readonly key: Uint8Array;
  readonly version: Version;
  readonly kind: EntryKind;
  /** Empty for a delete. An empty put is legal and different from a delete. */
  readonly value: Uint8Array;
}

/** `delete` is a tombstone: it hides older versions of its key in the files below. */
export type EntryKind = 'put' | 'delete';

/** One atomic batch with resolved effects (never conditions), at most one entry per key, all of the commit's version. */
export interface Commit {
  readonly version: Version;
  readonly entries: readonly Entry[];
}

/** Keys in [start, end): inclusive below, exclusive above; undefined means unbounded. */
export interface KeyRange {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
}

export const EMPTY_VALUE: Uint8Array = new Uint8Array(0);

export function putEntry(key: Uint8Array, version: Version, value: Uint8Array): Entry {
  return { key, version, kind: 'put', value };
}

export function deleteEntry(key: Uint8Array, version: Version): Entry {
  return { key, version, kind: 'delete', value: EMPTY_VALUE };
}

/** The one order of entries: by key, then version descending, so that the first entry of a key is its newest. Sequences alone order versions. */
export function compareEntries(a: Entry, b: Entry): number {
  return compareBytes(a.key, b.key) || b.version.sequence - a.version.sequence;
}
