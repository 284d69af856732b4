import type { Version } from '@leasehold/foundation';
import { compareBytes } from '@leasehold/foundation';

/** What one commit did to one key. Neither array may be changed once it is handed over: tables, caches and answers share them. */
export interface Entry {
  readonly key: Uint8Array;
  readonly version: Version;
  readonly kind: EntryKind;
  /** Empty for a delete. An empty put is legal and different from a delete. */
  readonly value: Uint8Array;
  /** Wall ms since the Unix epoch from which on a put counts as absent; {@link NEVER} for most, and for every delete. */
  readonly expiresAt: number;
}

/** `delete` is a tombstone: it hides older versions of its key in the files below. */
export type EntryKind = 'put' | 'delete';

export const NEVER = Number.POSITIVE_INFINITY;

/** One tombstone for a range of keys: hides every entry of these keys with a lower sequence, wherever it lies. O(1) to write. */
export interface RangeDelete {
  /** Inclusive; empty: from the first key on. */
  readonly start: Uint8Array;
  /** Exclusive; undefined: to the last key. */
  readonly end: Uint8Array | undefined;
  readonly version: Version;
}

/** That a request under this key was applied, so that its repetition is answered and not applied again. */
export interface IdempotencyRecord {
  /** As the client sent it: 1 … 255 bytes. */
  readonly key: Uint8Array;
  /** Of the request, 16 bytes: another request under the same key is refused. */
  readonly digest: Uint8Array;
  /** Of the commit that applied it. */
  readonly version: Version;
  /** Wall ms since the Unix epoch. */
  readonly expiresAt: number;
}

/** Of a database since it exists, for billing; never decreases. */
export interface UsageCounters {
  readonly commits: number;
  /** 1 KiB each (docs: metering). */
  readonly writeUnits: number;
  /** Bytes of keys and values written, deletes with their keys. */
  readonly writtenBytes: number;
}

export const NO_USAGE: UsageCounters = { commits: 0, writeUnits: 0, writtenBytes: 0 };

/**
 * One atomic batch with resolved effects (never conditions), all of the commit's version: at most one entry per key, and range deletes,
 * which hide only what is older, so that a commit's own puts stand above them.
 */
export interface Commit {
  readonly version: Version;
  /** Wall ms since the Unix epoch on the owner's clock; never decreases from commit to commit of a database. */
  readonly committedAt: number;
  readonly entries: readonly Entry[];
  readonly rangeDeletes: readonly RangeDelete[];
  readonly idempotency: IdempotencyRecord | undefined;
  /** Cumulative, this commit included. */
  readonly usage: UsageCounters;
}

/** A commit of these entries; what is not named is as of one that has none of it. */
export function commitOf(
  version: Version,
  entries: readonly Entry[],
  rest: Partial<Omit<Commit, 'version' | 'entries'>> = {},
): Commit {
  const { committedAt = 0, rangeDeletes = [], idempotency, usage = NO_USAGE } = rest;
  return { version, committedAt, entries, rangeDeletes, idempotency, usage };
}

/** Keys in [start, end): inclusive below, exclusive above; undefined means unbounded. */
export interface KeyRange {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
}

export const EMPTY_VALUE: Uint8Array = new Uint8Array(0);

export function putEntry(key: Uint8Array, version: Version, value: Uint8Array, expiresAt: number = NEVER): Entry {
  return { key, version, kind: 'put', value, expiresAt };
}

export function deleteEntry(key: Uint8Array, version: Version): Entry {
  return { key, version, kind: 'delete', value: EMPTY_VALUE, expiresAt: NEVER };
}

/** A put that has not expired. @param now wall ms */
export function isLive(entry: Entry, now: number): boolean {
  return entry.kind === 'put' && entry.expiresAt > now;
}

/** The one order of entries: by key, then version descending, so that the first entry of a key is its newest. Sequences alone order versions. */
export function compareEntries(a: Entry, b: Entry): number {
  return compareKeys(a.key, b.key) || b.version.sequence - a.version.sequence;
}

/** Up to here a loop in JavaScript has its answer before a call into native code has begun. */
const LOOP_BYTES = 64;

/** {@link compareBytes} for searches, which compare keys some twenty times per lookup: several times faster on short keys. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const { length } = a;
  const least = length < b.length ? length : b.length;
  if (least > LOOP_BYTES) return compareBytes(a, b);
  for (let i = 0; i < least; i++) {
    const order = (a[i] as number) - (b[i] as number);
    if (order !== 0) return order;
  }
  return length - b.length;
}

/** Whether the key lies in [start, end). */
export function rangeContains({ start, end }: KeyRange, key: Uint8Array): boolean {
  return (start === undefined || compareKeys(key, start) >= 0) && (end === undefined || compareKeys(key, end) < 0);
}
