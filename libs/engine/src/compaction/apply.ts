import { compareBytes } from '@leasehold/foundation';

import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { isAboveFloor } from '../head/file-ids.js';
import { trimHistory, withHistory } from '../head/history-files.js';
import { statisticsOf } from '../head/new-head.js';
import { pruneRangeDeletes } from '../head/range-delete-list.js';
import type { CompactionOutput } from './execute.js';
import { coversOf } from './execute.js';
import type { CompactionPlan } from './plan.js';

/** Why a finished compaction may not be published on this head. */
export type CompactionRejection =
  /** An input is gone: another compaction was faster (H2). */
  | 'inputs-gone'
  /** L1 has changed under the outputs, so that they would overlap. */
  | 'overlaps'
  /** gc has raised its floor to an output, which may be deleted at any time (G1). */
  | 'below-gc-floor'
  /** Quarantined or deleted since. */
  | 'frozen';

/** Undefined when the output may replace the inputs on this head. */
export function rejectCompaction(
  head: Head,
  plan: CompactionPlan,
  output: Pick<CompactionOutput, 'files' | 'untouched'>,
): CompactionRejection | undefined {
  if (head.quarantined || head.deletedAt !== undefined) return 'frozen';
  const isOldest = plan.kind === 'levels';
  const l0Intact = isOldest ? endsWith(head.l0, plan.l0) : contains(head.l0, plan.l0);
  const l1Ids = new Set(head.l1.map((ref) => ref.id));
  const l1Intact = [...plan.l1, ...plan.hidden].every((ref) => l1Ids.has(ref.id));
  if (!l0Intact || !l1Intact || !contains(head.idempotency.files, plan.records)) return 'inputs-gone';
  if (!output.files.every((ref) => isAboveFloor(ref, head))) return 'below-gc-floor';
  const l1 = l1After(head, plan, output);
  const isDisjoint = l1.every((ref, i) => i === 0 || compareBytes((l1[i - 1] as SstRef).maxKey, ref.minKey) < 0);
  return isDisjoint ? undefined : 'overlaps';
}

/**
 * The head with exactly the inputs replaced by their merge; what joined L0 meanwhile stays, owner and commit position are not touched
 * (H2). What the retention window has passed leaves history and the list of range deletes. The horizon rises to what was dropped (C1).
 * Undefined: may not be applied ({@link rejectCompaction}). Pure.
 */
export function applyCompaction(head: Head, plan: CompactionPlan, output: CompactionOutput): Head | undefined {
  if (rejectCompaction(head, plan, output) !== undefined) return undefined;
  const { files } = head.idempotency;
  const layers = {
    l0: plan.kind === 'tier' ? withReplaced(head.l0, plan.l0, output.files) : withReplaced(head.l0, plan.l0, []),
    l1: l1After(head, plan, output),
    idempotency: {
      ...head.idempotency,
      files: (plan.kind === 'records' ? withReplaced(files, plan.records, output.files) : files).filter(
        ({ expiresThrough }) => expiresThrough > head.lastCommittedAt,
      ),
    },
  };
  // A merge that left nothing has no file to cover the commits of its inputs.
  const isCovered = coversOf(plan).coversThrough > 0 && output.files.length > 0;
  const isFeedKept = head.options.retentionMs === 0 || isCovered;
  const merged = isFeedKept ? [] : plan.l0.filter(({ coversThrough }) => coversThrough > 0);
  const trimmed = trimHistory(withHistory(head.history, 'merged', merged), {
    throughSequence: plan.point.sequence,
    horizon: Math.max(head.horizon, output.horizon),
  });
  const next = { ...head, ...layers, ...trimmed };
  const compacted = { ...next, ...pruneRangeDeletes(next, plan.point) };
  return { ...compacted, statistics: statisticsOf(compacted) };
}

function l1After(
  { l1 }: Head,
  plan: CompactionPlan,
  { files, untouched }: Pick<CompactionOutput, 'files' | 'untouched'>,
): readonly SstRef[] {
  const replaced = new Set([...plan.l1, ...plan.hidden].map(({ id }) => id));
  for (const { id } of untouched) replaced.delete(id);
  const added = plan.kind === 'levels' || plan.kind === 'garbage' ? files : [];
  if (replaced.size + added.length === 0) return l1;
  return [...l1.filter(({ id }) => !replaced.has(id)), ...added].sort((a, b) => compareBytes(a.minKey, b.minKey));
}

function endsWith(refs: readonly SstRef[], inputs: readonly SstRef[]): boolean {
  return inputs.length <= refs.length && inputs.every((ref, i) => refs[refs.length - inputs.length + i]?.id === ref.id);
}

/** As neighbours, in this order. */
function contains(refs: readonly SstRef[], inputs: readonly SstRef[]): boolean {
  if (inputs.length === 0) return true;
  const from = refs.findIndex(({ id }) => id === inputs[0]?.id);
  return from >= 0 && inputs.every((ref, i) => refs[from + i]?.id === ref.id);
}

/** The neighbours taken out, and what they became put in their place. */
function withReplaced(
  refs: readonly SstRef[],
  inputs: readonly SstRef[],
  outputs: readonly SstRef[],
): readonly SstRef[] {
  if (inputs.length === 0) return refs;
  const from = refs.findIndex(({ id }) => id === inputs[0]?.id);
  return [...refs.slice(0, from), ...outputs, ...refs.slice(from + inputs.length)];
}
