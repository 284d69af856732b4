import type { SettleContext } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { compareEntries } from '../entry.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { publishSst } from '../sst/publish-sst.js';
import type { SstMarks } from '../sst/sst-builder.js';
import { SstBuilder } from '../sst/sst-builder.js';
import { fileIdsAbove, isAboveFloor } from './file-ids.js';
import { Turns } from './turns.js';

/** Makes a durable file of the entries (at least one, in order), with an id above gcFloor and all ids of the head. */
export type WriteSst = (head: Head, entries: readonly Entry[], marks: SstMarks) => Promise<SstRef>;

/** Entries, or bytes of values, between two looks at the clock: some tenths of a millisecond. */
const ENTRIES_PER_LOOK = 64;
const BYTES_PER_LOOK = 64 * 1024;
/** A worker serves others while it flushes. */
const TURN_MS = 2;

interface WrittenFile {
  readonly ref: SstRef;
  readonly entries: readonly Entry[];
}

/**
 * A writer for ONE flush, however often that is applied: after a conflict the same content on a newer head reuses the file
 * that is uploaded already, unless gc has meanwhile raised its floor to it; then the file is written anew (G1).
 */
export function sstWriterOfFlush(ctx: SettleContext): WriteSst {
  const written: WrittenFile[] = [];
  return async (head, entries, marks) => {
    const same = written.find(
      ({ ref, entries: of }) => isAboveFloor(ref, head) && hasMarks(ref, marks) && isSameRun(of, entries),
    );
    if (same !== undefined) return same.ref;
    const builder = new SstBuilder(head.databaseId, marks);
    const turns = new Turns(ctx.clock, TURN_MS);
    let [sinceLook, bytesSinceLook] = [0, 0];
    for (const entry of entries) {
      builder.add(entry);
      bytesSinceLook += entry.value.byteLength;
      if (++sinceLook < ENTRIES_PER_LOOK && bytesSinceLook < BYTES_PER_LOOK) continue;
      [sinceLook, bytesSinceLook] = [0, 0];
      const turn = turns.take();
      if (turn !== undefined) await turn;
    }
    const ids = fileIdsAbove(ctx, head);
    for (const { ref } of written) ids.above(ref.id);
    const ref = await publishSst(ctx, head.databaseId, ids, builder);
    written.push({ ref, entries });
    return ref;
  };
}

function hasMarks(ref: SstRef, marks: SstMarks): boolean {
  return (
    ref.coversFrom === marks.coversFrom &&
    ref.coversThrough === marks.coversThrough &&
    ref.rangeDeletesThrough === marks.rangeDeletesThrough
  );
}

/** What a compaction changed meanwhile may change which tombstones a flush keeps: compared, not assumed. Versions tell values. */
function isSameRun(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, i) => compareEntries(entry, b[i] as Entry) === 0);
}
