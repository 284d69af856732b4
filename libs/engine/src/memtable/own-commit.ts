import type { Commit } from '../entry.js';
import { LoneCommit } from './lone-commit.js';
import { ownEntry, ownRangeDelete, ownRecord } from './own-bytes.js';

/**
 * Entries of larger commits are views on a buffer that is theirs alone, about; copying them would cost more than it gives back. Range deletes
 * and idempotency records are copied all the same: a head keeps those for a day and longer.
 */
const COPIED_ENTRIES = 16;

/**
 * The commit with arrays of its own where those that came hold on to something larger: keys and values are views on a request's body, a
 * pooled slab of 8 KiB or a segment of the log, and one small commit of an idle database would keep all of it in memory for days.
 *
 * A single entry shares what is long of it with the encoded commit ({@link LoneCommit}).
 *
 * @param encoded of this commit alone
 */
export function ownCommit(commit: Commit, encoded?: Uint8Array): Commit {
  const { version, committedAt, entries, rangeDeletes, idempotency, usage } = commit;
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only !== undefined && encoded !== undefined) return new LoneCommit(commit, only, encoded);
  return {
    version,
    committedAt,
    entries: entries.length > COPIED_ENTRIES ? entries : entries.map(ownEntry),
    rangeDeletes: rangeDeletes.length === 0 ? rangeDeletes : rangeDeletes.map(ownRangeDelete),
    idempotency: idempotency && ownRecord(idempotency),
    usage,
  };
}
