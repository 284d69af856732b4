import type { Entry, RangeDelete } from '../entry.js';
import { compareKeys, rangeContains } from '../entry.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { ENGINE_LIMITS } from '../limits.js';
import type { RetentionPoint } from './timeline.js';
import { timeOf } from './timeline.js';

/** Past so many retention gives way: those in excess are brought into the files as if the window had passed them. */
export const KEPT_RANGE_DELETES = ENGINE_LIMITS.rangeDeletes / 2;

/** How many range deletes may still be committed before a compaction has been there. What is in memtables counts; 0: refuse, Retry-After. */
export function rangeDeletesLeft(
  head: Pick<Head, 'rangeDeletes'> | undefined,
  memtables: readonly { readonly rangeDeletes: readonly RangeDelete[] }[],
): number {
  const present = memtables.reduce(
    (sum, { rangeDeletes }) => sum + rangeDeletes.length,
    head?.rangeDeletes.length ?? 0,
  );
  return Math.max(0, ENGINE_LIMITS.rangeDeletes - present);
}

/** The retention point, moved up where the list has more than {@link KEPT_RANGE_DELETES}. */
export function pointUnderPressure(
  point: RetentionPoint,
  { rangeDeletes, timeline }: Pick<Head, 'rangeDeletes' | 'timeline'>,
): RetentionPoint {
  const excess = rangeDeletes[rangeDeletes.length - KEPT_RANGE_DELETES - 1];
  if (excess === undefined || excess.version.sequence <= point.sequence) return point;
  const { sequence } = excess.version;
  return { sequence, at: Math.max(point.at, timeOf(timeline, sequence)) };
}

export interface PrunedRangeDeletes {
  readonly rangeDeletes: readonly RangeDelete[];
  /** Range checks and feeds since before one that has left must fail (C1). */
  readonly horizon: number;
}

/** Without those at or below the retention point that hide nothing any more, neither inline nor in a file that reads look into. */
export function pruneRangeDeletes(
  head: Pick<Head, 'rangeDeletes' | 'inline' | 'l0' | 'l1' | 'history' | 'horizon'>,
  point: RetentionPoint,
): PrunedRangeDeletes {
  const { rangeDeletes } = head;
  let { horizon } = head;
  if (rangeDeletes.every(({ version }) => version.sequence > point.sequence)) return { rangeDeletes, horizon };
  const kept = rangeDeletes.filter((rangeDelete) => {
    const { sequence } = rangeDelete.version;
    if (sequence > point.sequence || mayHideSomething(rangeDelete, head)) return true;
    horizon = Math.max(horizon, sequence);
    return false;
  });
  return { rangeDeletes: kept.length === rangeDeletes.length ? rangeDeletes : kept, horizon };
}

/** Whether the file may hold an entry that the range delete hides, by what the head knows of it. */
export function mayHideIn({ start, end, version }: RangeDelete, ref: SstRef): boolean {
  return (
    ref.minSequence < version.sequence &&
    ref.rangeDeletesThrough < version.sequence &&
    compareKeys(ref.maxKey, start) >= 0 &&
    (end === undefined || compareKeys(ref.minKey, end) < 0)
  );
}

/** Whether the range delete hides every entry of the file. */
export function hidesAllOf(rangeDelete: RangeDelete, ref: SstRef): boolean {
  return (
    ref.maxSequence < rangeDelete.version.sequence &&
    rangeContains(rangeDelete, ref.minKey) &&
    rangeContains(rangeDelete, ref.maxKey)
  );
}

function mayHideSomething(
  rangeDelete: RangeDelete,
  { inline, l0, l1, history }: Pick<Head, 'inline' | 'l0' | 'l1' | 'history'>,
): boolean {
  const hidesInline = ({ key, version }: Entry): boolean =>
    version.sequence < rangeDelete.version.sequence && rangeContains(rangeDelete, key);
  const hidesIn = (ref: SstRef): boolean => mayHideIn(rangeDelete, ref);
  return (
    inline.some(hidesInline) ||
    l0.some(hidesIn) ||
    l1.some(hidesIn) ||
    history.some(({ role, ref }) => role === 'versions' && hidesIn(ref))
  );
}
