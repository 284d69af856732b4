import { compareBytes, equalBytes } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import type { Cursor } from './cursor.js';

/** One key of a merge. */
export interface MergedKey {
  /** The highest version, tombstones included. */
  readonly newest: Entry;
  /** How many older versions lie below it. */
  readonly hidden: number;
}

export interface MergeOptions {
  /** The cursors run backwards. */
  readonly reverse?: boolean;
  /** Commits after this sequence are passed over. */
  readonly throughSequence?: number;
}

/**
 * Merges cursors into one pass over their keys, in order. The first fetches of all cursors go out at once.
 *
 * There are few cursors (memtables, inline run, L0, one for L1), so the least is found by looking at all: a heap would
 * cost more than it saves.
 */
export async function* mergeByKey(cursors: readonly Cursor[], options: MergeOptions = {}): AsyncGenerator<MergedKey> {
  const { reverse = false, throughSequence = Number.MAX_SAFE_INTEGER } = options;
  await Promise.all(cursors.map(async (cursor) => cursor.start()));
  for (;;) {
    let next: Uint8Array | undefined;
    for (const { entry } of cursors) {
      if (entry === undefined) continue;
      const order = next === undefined ? -1 : compareBytes(entry.key, next);
      if (next === undefined || (reverse ? order > 0 : order < 0)) next = entry.key;
    }
    if (next === undefined) return;
    let newest: Entry | undefined;
    let versions = 0;
    for (const cursor of cursors) {
      while (cursor.entry !== undefined && equalBytes(cursor.entry.key, next)) {
        const { entry } = cursor;
        if (entry.version.sequence <= throughSequence) {
          versions++;
          if (newest === undefined || entry.version.sequence > newest.version.sequence) newest = entry;
        }
        const pending = cursor.advance();
        if (pending !== undefined) await pending;
      }
    }
    if (newest !== undefined) yield { newest, hidden: versions - 1 };
  }
}
