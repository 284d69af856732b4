import type { SettleContext } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import type { Cursor } from '../read/cursor.js';
import { ChainedCursor } from '../read/cursor.js';
import { mergeByKey } from '../read/merge.js';
import { fileIdsAbove, publishSst } from '../sst/publish-sst.js';
import { SstBuilder } from '../sst/sst-builder.js';
import { MERGE_FETCH } from '../sst/sst-cursor.js';
import { SstReader } from '../sst/sst-reader.js';
import type { CompactionPlan, CompactionSettings } from './plan.js';

export interface CompactionOutput {
  /** By key, disjoint, durable; none when only tombstones were left. */
  readonly files: readonly SstRef[];
  /** The highest sequence that hid something dropped: the head's horizon must not stay below it (C1). */
  readonly horizon: number;
  readonly droppedEntries: number;
}

/**
 * Merges the inputs of a plan into new files that no head names yet. Memory: one fetch (1 MiB) per L0 file, one for L1, and one
 * output file.
 * @throws MissingFileError when another compaction was faster and gc has been there
 */
export async function executeCompaction(
  ctx: SettleContext,
  head: Head,
  plan: CompactionPlan,
  settings: CompactionSettings,
): Promise<CompactionOutput> {
  const ids = fileIdsAbove(ctx, head);
  const source = { store: ctx.store, cache: undefined };
  const open = (ref: SstRef): Cursor =>
    new SstReader(source, head.databaseId, ref).cursor({}, { reverse: false, ...MERGE_FETCH });
  const cursors = [...plan.l0.map(open), new ChainedCursor(plan.l1.map((ref) => () => open(ref)))];

  const files: SstRef[] = [];
  let builder = new SstBuilder(head.databaseId);
  const add = async (entry: Entry): Promise<void> => {
    if (!builder.isEmpty && builder.sizeBytes >= settings.targetFileBytes) {
      files.push(await publishSst(ctx, head.databaseId, ids, builder));
      builder = new SstBuilder(head.databaseId);
    }
    builder.add(entry);
  };

  let horizon = 0;
  let droppedEntries = 0;
  for await (const { newest, hidden } of mergeByKey(cursors)) {
    const isDropped = newest.kind === 'delete';
    if (isDropped || hidden > 0) horizon = Math.max(horizon, newest.version.sequence);
    droppedEntries += hidden + (isDropped ? 1 : 0);
    if (!isDropped) await add(newest);
  }
  if (!builder.isEmpty) files.push(await publishSst(ctx, head.databaseId, ids, builder));
  return { files, horizon, droppedEntries };
}
