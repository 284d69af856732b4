import { ROLLUPS_LIMIT } from '@leasehold/lease';

import type { LooseSegment, RetainedRollup } from './retention.js';

/** A rollup that is written whole and read whole should not need more. */
const ROLLUP_BYTES = 32 * 1024 * 1024;
/** Rollups of about one size that are merged into the next size. */
const FAN_IN = 4;
/** Rollups below it count as one size. */
const SMALLEST_SIZE_BYTES = 1024 * 1024;

/** What to rewrite next: some of the youngest rollups and the loose segments behind them, or rollups alone. */
export interface FoldPlan {
  /** Ascending and adjacent. */
  readonly rollups: readonly RetainedRollup[];
  /** Ascending and adjacent, behind all rollups. */
  readonly loose: readonly LooseSegment[];
}

/**
 * Chooses what the next rollup is made of (L5). Pure: it looks at needed bytes only.
 *
 * The loose segments that fit go in, together with the youngest rollups when there are enough of about the same size: so
 * a frame that stays needed is rewritten a few times in all, not each time. When no place for another rollup is left, the
 * cheapest two neighbours are merged first.
 *
 * A rollup holds 32 MiB, or more in a log with so much needed that 16 of them would not do: 2/15 of the whole, so that
 * among 16 rollups there are always two neighbours which fit into one. The whole counts as rollups do, with what each frame
 * adds to its payload: of small commits that is the larger part. [Counted by payloads, 16 rollups of small commits fit into no
 * plan, and the log stops.]
 *
 * @param loose all from the floor on that are confirmed
 * @returns undefined when nothing can be folded
 */
export function planFold(rollups: readonly RetainedRollup[], loose: readonly LooseSegment[]): FoldPlan | undefined {
  const neededBytes = sum(rollups) + sum(loose);
  const limitBytes = Math.max(ROLLUP_BYTES, Math.ceil((neededBytes * 2) / (ROLLUPS_LIMIT - 1)));
  const folded = fitting(loose, limitBytes);
  if (folded.length === 0) return undefined;
  let sizeBytes = sum(folded);
  let merged: readonly RetainedRollup[] = [];
  for (;;) {
    const rest = rollups.slice(0, rollups.length - merged.length);
    const peers = youngestOfSize(rest, sizeOf(sizeBytes));
    if (peers.length < FAN_IN - 1 || sizeBytes + sum(peers) > limitBytes) break;
    merged = [...peers, ...merged];
    sizeBytes += sum(peers);
  }
  if (rollups.length - merged.length < ROLLUPS_LIMIT) return { rollups: merged, loose: folded };
  return mergeCheapest(rollups, folded, limitBytes);
}

/** From the oldest on; one that is too large by itself goes alone. */
function fitting(loose: readonly LooseSegment[], limitBytes: number): readonly LooseSegment[] {
  let sizeBytes = 0;
  const end = loose.findIndex((segment, i) => {
    sizeBytes += segment.neededBytes;
    return segment.unreadable || (i > 0 && sizeBytes > limitBytes);
  });
  return end === -1 ? loose : loose.slice(0, end);
}

function youngestOfSize(rollups: readonly RetainedRollup[], size: number): readonly RetainedRollup[] {
  let begin = rollups.length;
  while (begin > 0) {
    const next = rollups[begin - 1] as RetainedRollup;
    if (next.unreadable || sizeOf(next.neededBytes) > size) break;
    begin--;
  }
  return rollups.slice(begin);
}

function mergeCheapest(
  rollups: readonly RetainedRollup[],
  folded: readonly LooseSegment[],
  limitBytes: number,
): FoldPlan | undefined {
  let cheapest: { readonly plan: FoldPlan; readonly sizeBytes: number } | undefined;
  rollups.forEach((rollup, i) => {
    const next = rollups[i + 1];
    const loose = next === undefined ? folded : [];
    const pair = next === undefined ? [rollup] : [rollup, next];
    const sizeBytes = sum(pair) + sum(loose);
    if (pair.some(({ unreadable }) => unreadable) || sizeBytes > limitBytes) return;
    if (cheapest === undefined || sizeBytes < cheapest.sizeBytes)
      cheapest = { plan: { rollups: pair, loose }, sizeBytes };
  });
  return cheapest?.plan;
}

/** In powers of {@link FAN_IN}. */
function sizeOf(bytes: number): number {
  return Math.max(0, Math.floor(Math.log(bytes / SMALLEST_SIZE_BYTES) / Math.log(FAN_IN)));
}

function sum(parts: readonly { readonly neededBytes: number }[]): number {
  return parts.reduce((total, { neededBytes }) => total + neededBytes, 0);
}
