import type { SettleContext } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { entryBytes } from '../format/entry-codec.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { INLINE_LIMIT_BYTES } from '../limits.js';
import type { Memtable } from '../memtable/memtable.js';
import { MemoryCursor } from '../read/cursor.js';
import { mergeByKey } from '../read/merge.js';
import { fileIdsAbove, publishSst } from '../sst/publish-sst.js';
import { SstBuilder } from '../sst/sst-builder.js';
import { statisticsOf } from './new-head.js';

export interface FlushSettings {
  /** Encoded entries that the inline run may hold. */
  readonly inlineLimitBytes: number;
}

export const FLUSH_SETTINGS: FlushSettings = { inlineLimitBytes: INLINE_LIMIT_BYTES };

/** Makes a durable file of the entries (at least one, in order), with an id above the head's gcFloor. */
export type WriteSst = (head: Head, entries: readonly Entry[]) => Promise<SstRef>;

/**
 * The head with the memtable's commits in it: in the inline run while that stays within its limit; else inline run and memtable
 * together become one new L0 file and the inline run is empty. Of each key the newest version stays. Nothing is durable before the
 * returned head is swapped in; every other field (epoch, owner, …) is the caller's to set on it.
 *
 * The memtable may hold durable commits only (H5). Commits that the head contains already (a replayed log) are passed over.
 * Tombstones stay while there are files that they may hide something in. What is dropped raises the horizon (C1).
 */
export async function flushInto(
  head: Head,
  memtable: Memtable,
  settings: FlushSettings,
  writeSst: WriteSst,
): Promise<Head> {
  if (memtable.lastVersion.sequence <= head.lastCommit.sequence) return head;
  const hasFiles = head.l0.length > 0 || head.l1.length > 0;
  const entries: Entry[] = [];
  let horizon = head.horizon;
  let bytes = 0;
  const inline = new MemoryCursor(head.inline[Symbol.iterator]());
  const added = new MemoryCursor(newerThan(memtable.entries(), head.lastCommit.sequence));
  for await (const { newest, hidden } of mergeByKey([inline, added])) {
    const keep = newest.kind === 'put' || hasFiles;
    if (!keep || hidden > 0) horizon = Math.max(horizon, newest.version.sequence);
    if (!keep) continue;
    entries.push(newest);
    bytes += entryBytes(newest);
  }
  const overflows = bytes > settings.inlineLimitBytes;
  const data = {
    inline: overflows ? [] : entries,
    l0: overflows ? [await writeSst(head, entries), ...head.l0] : head.l0,
    l1: head.l1,
    history: head.history,
  };
  return { ...head, ...data, lastCommit: memtable.lastVersion, horizon, statistics: statisticsOf(data) };
}

/**
 * A writer for ONE flush, however often that is applied: after a conflict the same inputs on a newer head of the same epoch reuse the
 * file that is uploaded already, unless gc has meanwhile raised its floor to it; then the file is written anew (G1).
 */
export function sstWriterOfFlush(ctx: SettleContext): WriteSst {
  let written: { readonly ref: SstRef; readonly after: number } | undefined;
  return async (head, entries) => {
    // Only the owner changes the inline run, and never without the last commit (H2): the same commit means the same inputs.
    const reusable =
      written !== undefined && written.after === head.lastCommit.sequence && isAboveFloor(written.ref, head);
    if (written === undefined || !reusable) {
      const builder = new SstBuilder(head.databaseId);
      for (const entry of entries) builder.add(entry);
      const ref = await publishSst(ctx, head.databaseId, fileIdsAbove(ctx, head), builder);
      written = { ref, after: head.lastCommit.sequence };
    }
    return written.ref;
  };
}

/** Whether an edit may add the file to this head (G1): gc may delete whatever lies at or below the floor. */
export function isAboveFloor(ref: SstRef, head: Head): boolean {
  return head.gcFloor === undefined || ref.id > head.gcFloor;
}

function* newerThan(entries: Iterable<Entry>, sequence: number): Generator<Entry> {
  for (const entry of entries) if (entry.version.sequence > sequence) yield entry;
}
