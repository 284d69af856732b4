import { planCompaction, type Head } from '@leasehold/engine';
import type { DatabaseId, Ulid } from '@leasehold/foundation';

import type { ListedDatabase } from './listed-databases.js';

/** Heads that a sweep reads besides those that changed: of each database, one sweep out of so many does. */
export const TURNS = 7;

/** Which heads one sweep reads. Times are the store's. */
export interface HeadSelection {
  /** Databases in which something was written since then. */
  readonly changedSinceAt: number;
  /** Databases whose turn it is; `all` for everybody's. */
  readonly turn: number | 'all';
}

/**
 * True when the head is to be read. A database without files has nothing to merge and nothing to collect. One in which nothing was
 * written has nothing to be done that was not to be done at the sweep before, which has asked for it; its turn comes all the same, for
 * when what was asked for got lost as well, and for what only time brings about (files that retention keeps no longer).
 */
export function isDue({ databaseId, hasHead, changedAt, files }: ListedDatabase, selection: HeadSelection): boolean {
  if (!hasHead || files.length === 0) return false;
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
 * @param now of this process: it decides only whether to ask, never what goes
 * @param garbageUntilAt files written before it may be garbage; by the store's clock
 */
export function needsOf(head: Head, { files }: ListedDatabase, now: number, garbageUntilAt: number): DatabaseNeeds {
  // Both jobs would leave it alone (docs/protocols/compaction-and-gc.md).
  if (head.quarantined || head.deletedAt !== undefined) return { compact: false, collect: false };
  const named = filesOf(head);
  return {
    compact: planCompaction(head, now) !== undefined,
    collect: files.some(({ id, lastModifiedAt }) => lastModifiedAt < garbageUntilAt && !named.has(id)),
  };
}

function filesOf(head: Head): ReadonlySet<Ulid> {
  const history = head.history.map(({ ref }) => ref);
  return new Set([...head.l0, ...head.l1, ...history, ...head.idempotency.files].map(({ id }) => id));
}
