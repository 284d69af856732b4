import { planCompaction, type Head } from '@leasehold/engine';
import type { DatabaseId, Ulid } from '@leasehold/foundation';

import type { ListedDatabase } from './listed-databases.js';

/** Heads that a sweep reads besides those that changed: of each database, one sweep out of so many does. */
export const TURNS = 30;

/** Which heads one sweep reads. Times are the store's. */
export interface HeadSelection {
  /** Databases in which something was written since then. */
  readonly changedSinceAt: number;
  /** Databases whose turn it is; `all` for everybody's. */
  readonly turn: number | 'all';
}

/**
 * True when the head is to be read. A database in which nothing was written has nothing to be done that was not to be done at the
 * sweep before, and that sweep has asked for it. Its turn comes all the same, for when what was asked for got lost as well.
 */
export function isDue({ databaseId, hasHead, changedAt }: ListedDatabase, selection: HeadSelection): boolean {
  if (!hasHead) return false;
  const { changedSinceAt, turn } = selection;
  return changedAt >= changedSinceAt || turn === 'all' || turnOf(databaseId) === turn;
}

/** By the id's last 32 bits, which are random in every kind of UUID that is in use. */
export function turnOf(databaseId: DatabaseId): number {
  return Number.parseInt(databaseId.slice(-8), 16) % TURNS;
}

export interface DatabaseNeeds {
  readonly compact: boolean;
  readonly collect: boolean;
}

/**
 * What is missing, by the head and the listing. The listing is the older of the two: a file that joined the head in between is not
 * in it, and one that left the head is garbage that is too young.
 *
 * @param garbageUntilAt files written before it may be garbage; by the store's clock
 */
export function needsOf(head: Head, { files }: ListedDatabase, garbageUntilAt: number): DatabaseNeeds {
  // Both jobs would leave it alone (docs/protocols/compaction-and-gc.md).
  if (head.quarantined || head.deletedAt !== undefined) return { compact: false, collect: false };
  const named = filesOf(head);
  return {
    compact: planCompaction(head) !== undefined,
    collect: files.some(({ id, lastModifiedAt }) => lastModifiedAt < garbageUntilAt && !named.has(id)),
  };
}

function filesOf(head: Head): ReadonlySet<Ulid> {
  const history = head.history.map(({ ref }) => ref);
  return new Set([...head.l0, ...head.l1, ...history, ...head.idempotency.files].map(({ id }) => id));
}
