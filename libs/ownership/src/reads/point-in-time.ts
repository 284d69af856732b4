import type { Version } from '@leasehold/foundation';
import type { Head, Memtable } from '@leasehold/engine';
import { sequenceAt } from '@leasehold/engine';

import { FutureVersionError } from '../errors.js';

/**
 * Which state a read is of: that after a commit, or the last one that is recorded at or before a wall time (ms). Times are rounded
 * down to recorded points; the answer names the version that was read.
 */
export type PointInTime = { readonly version: Version } | { readonly timeMs: number };

/** What a view needs to know of it. */
export interface PastView {
  /** Commits after this sequence are not seen. */
  readonly through: number;
  /** Wall ms at which expiries are judged: the time asked for; for a version the present, for nobody recorded its time exactly. */
  readonly now: number;
}

/**
 * @param memtables newest first
 * @throws FutureVersionError
 */
export function pastView(
  at: PointInTime,
  { memtables, head }: { readonly memtables: readonly Memtable[]; readonly head: Head },
  now: number,
): PastView {
  const last = memtables.reduce(
    (most, { lastVersion }) => Math.max(most, lastVersion.sequence),
    head.lastCommit.sequence,
  );
  if ('version' in at) {
    const { sequence } = at.version;
    if (sequence > last) throw new FutureVersionError(sequence);
    return { through: sequence, now };
  }
  // Commits to come are not earlier than now, so only a time before it has an answer that stays true; a later one means now.
  if (at.timeMs >= now) return { through: last, now };
  return { through: sequenceInMemory(at.timeMs, memtables) ?? sequenceInHead(at.timeMs, head), now: at.timeMs };
}

function sequenceInMemory(timeMs: number, memtables: readonly Memtable[]): number | undefined {
  for (const memtable of memtables) {
    if (memtable.isEmpty) continue;
    if (memtable.lastCommittedAt <= timeMs) return memtable.lastVersion.sequence;
    // Commit times never fall, so the last one that is early enough is the answer.
    const early = memtable.commits(0).findLast(({ committedAt }) => committedAt <= timeMs);
    if (early !== undefined) return early.version.sequence;
  }
  return undefined;
}

/** Before the first recorded point: the empty database, which a horizon above it refuses (C1). */
function sequenceInHead(timeMs: number, head: Head): number {
  return head.lastCommittedAt <= timeMs ? head.lastCommit.sequence : (sequenceAt(head, timeMs) ?? 0);
}
