import { compareBytes } from '@leasehold/foundation';

import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { L0_COMPACTION_FILES, TARGET_FILE_BYTES } from '../limits.js';

export interface CompactionSettings {
  /** L0 files that make a compaction worth it; 1 or more. */
  readonly l0Files: number;
  /** Output files are cut at the first key after so many bytes. */
  readonly targetFileBytes: number;
}

export const COMPACTION_SETTINGS: CompactionSettings = {
  l0Files: L0_COMPACTION_FILES,
  targetFileBytes: TARGET_FILE_BYTES,
};

/**
 * What is merged into what: everything that L0 held when the plan was made, with the files of L1 between its lowest and highest key. So
 * below the output there is nothing of these keys, and whatever joins L0 meanwhile is newer: tombstones may go.
 */
export interface CompactionPlan {
  /** Newest first: the oldest files of L0. */
  readonly l0: readonly SstRef[];
  /** By key, neighbours in L1. */
  readonly l1: readonly SstRef[];
}

/** Undefined when there is nothing worth doing. Pure. */
export function planCompaction(
  head: Head,
  settings: CompactionSettings = COMPACTION_SETTINGS,
): CompactionPlan | undefined {
  const [first, ...rest] = head.l0;
  if (first === undefined || head.l0.length < settings.l0Files) return undefined;
  let { minKey, maxKey } = first;
  for (const ref of rest) {
    if (compareBytes(ref.minKey, minKey) < 0) minKey = ref.minKey;
    if (compareBytes(ref.maxKey, maxKey) > 0) maxKey = ref.maxKey;
  }
  // By the whole span, not file by file: an output file may reach across a gap between two inputs, and L1 must stay disjoint.
  const l1 = head.l1.filter((ref) => compareBytes(ref.maxKey, minKey) >= 0 && compareBytes(ref.minKey, maxKey) <= 0);
  return { l0: head.l0, l1 };
}
