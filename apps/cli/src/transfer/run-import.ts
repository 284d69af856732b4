import { createHash } from 'node:crypto';

import type { Batch } from './batches.js';
import { batchesOf } from './batches.js';
import type { Checkpoint } from './checkpoint.js';
import type { Commit } from './commits-in-order.js';
import { CommitsInOrder } from './commits-in-order.js';
import type { ImportEntry, ImportSource } from './import-source.js';
import type { ProgressReport } from './progress.js';

/** Small enough that four of them under way are little memory, large enough that a round trip is for many. */
const BATCH = { maxEntries: 500, maxBytes: 1024 * 1024 };
const MAX_UNDER_WAY = 4;

export interface ImportContext {
  readonly source: ImportSource;
  readonly commit: Commit;
  /** Undefined where the source cannot be gone back to. */
  readonly checkpoint: Checkpoint | undefined;
  readonly progress: ProgressReport;
  /** Tells this import from another one of the same file. */
  readonly newId: () => string;
  readonly nowMs: () => number;
}

export interface ImportReport {
  /** Written in this run. */
  readonly entries: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Where it went on from an earlier run, in the units of its source; 0: it began. */
  readonly from: number;
  readonly skipped: Readonly<Record<string, number>>;
}

/**
 * Writes everything of a source. One that was killed goes on a little before where it was, with the same names for the same commits: one
 * that was under way when it was killed, and lands late, cannot undo what came after it.
 *
 * @throws CliError, and what `commit` throws; the checkpoint then stands at what is written
 */
export async function runImport({
  source,
  commit,
  checkpoint,
  progress,
  newId,
  nowMs,
}: ImportContext): Promise<ImportReport> {
  const { id, position: from } = startOf(checkpoint) ?? { id: newId(), position: 0 };
  let entries = 0;
  let bytes = 0;
  let expired = 0;
  const onWritten = (batch: Batch): void => {
    entries += batch.entries.length;
    bytes += batch.sizeBytes;
    const { nextPosition } = batch;
    checkpoint?.save(() => ({ id, position: nextPosition }));
    progress.tell({ entries, share: source.total === undefined ? undefined : nextPosition / source.total });
  };
  const living = async function* (): AsyncIterable<ImportEntry> {
    for await (const entry of source.entries(from)) {
      if (entry.expiresAt !== undefined && entry.expiresAt <= nowMs()) expired++;
      else yield entry;
    }
  };
  let begun = false;
  const named = (batch: Batch): Promise<void> => {
    // Before the first commit: a later run has to know its name.
    if (!begun) checkpoint?.save(() => ({ id, position: from }));
    begun = true;
    return commit(batch, nameOf(id, batch));
  };
  const commits = new CommitsInOrder(named, MAX_UNDER_WAY, onWritten);
  for await (const batch of batchesOf(living(), BATCH)) await commits.send(batch);
  await commits.end();
  checkpoint?.remove();
  const skipped = { ...Object.fromEntries(source.skipped()), ...(expired > 0 ? { 'expired entry': expired } : {}) };
  return { entries, bytes, seconds: progress.seconds, from, skipped };
}

/** Where an earlier run left off; undefined: there was none. */
export function startOf(
  checkpoint: Checkpoint | undefined,
): { readonly id: string; readonly position: number } | undefined {
  const { id, position } = checkpoint?.read() ?? {};
  return typeof id === 'string' && typeof position === 'number' ? { id, position } : undefined;
}

/** By content: what has expired since is no longer in it. */
function nameOf(id: string, { entries, nextPosition }: Batch): string {
  const hash = createHash('sha256').update(`${id} ${nextPosition}`);
  for (const { key, value } of entries) hash.update(`${key.byteLength} ${value.byteLength} `).update(key).update(value);
  return `import-${hash.digest('base64url')}`;
}
