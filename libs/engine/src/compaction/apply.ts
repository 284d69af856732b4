import { compareBytes } from '@leasehold/foundation';

import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { isAboveFloor } from '../head/file-ids.js';
import { statisticsOf } from '../head/new-head.js';
import type { CompactionOutput } from './execute.js';
import type { CompactionPlan } from './plan.js';

/** Why a finished compaction may not be published on this head. */
export type CompactionRejection =
  /** An input is gone: another compaction was faster (H2). */
  | 'inputs-gone'
  /** gc has raised its floor to an output, which may be deleted at any time (G1). */
  | 'below-gc-floor'
  /** Quarantined or deleted since. */
  | 'frozen';

/** Undefined when the output may replace the inputs on this head. */
export function rejectCompaction(
  head: Head,
  plan: CompactionPlan,
  { files }: Pick<CompactionOutput, 'files'>,
): CompactionRejection | undefined {
  if (head.quarantined || head.deletedAt !== undefined) return 'frozen';
  const oldest = head.l0.slice(-plan.l0.length);
  const l0Intact = oldest.length === plan.l0.length && oldest.every((ref, i) => ref.id === plan.l0[i]?.id);
  const l1Ids = new Set(head.l1.map((ref) => ref.id));
  if (!l0Intact || !plan.l1.every((ref) => l1Ids.has(ref.id))) return 'inputs-gone';
  return files.every((ref) => isAboveFloor(ref, head)) ? undefined : 'below-gc-floor';
}

/**
 * The head with exactly the inputs replaced by their merge; what joined L0 meanwhile stays, owner and commit position are not touched
 * (H2), the horizon rises to what was dropped (C1). Undefined: may not be applied ({@link rejectCompaction}). Pure.
 */
export function applyCompaction(head: Head, plan: CompactionPlan, output: CompactionOutput): Head | undefined {
  if (rejectCompaction(head, plan, output) !== undefined) return undefined;
  const replaced = new Set([...plan.l0, ...plan.l1].map((ref) => ref.id));
  const keep = (ref: SstRef): boolean => !replaced.has(ref.id);
  const l1 = [...head.l1.filter(keep), ...output.files].sort((a, b) => compareBytes(a.minKey, b.minKey));
  const data = { inline: head.inline, l0: head.l0.filter(keep), l1, history: head.history };
  return { ...head, ...data, horizon: Math.max(head.horizon, output.horizon), statistics: statisticsOf(data) };
}
