import type { Head, HeadStore, InspectedFile, InspectedLevel, PinsLook, StoredHead } from '@leasehold/engine';
import { encodeHead, inspectFiles, lookAtPins, timeOf } from '@leasehold/engine';
import { ulidTime, type Clock, type DatabaseId } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import type { DatabaseInspection, InspectedFileLook, InspectedHeadLook, InspectedLevelLook } from '@leasehold/protocol';
import { INSPECTED_FILES, INSPECTED_PINS } from '@leasehold/protocol';

/**
 * A database as the bucket has it, whoever owns it. Undefined: it has no head.
 *
 * The GET of its head and the LIST of its pins are under way at the same time, then there is a GET for each pin, 64 at most and 8 at a time: one
 * round trip for a database without pins, nine at the most.
 *
 * @throws StoreUnavailableError; CorruptBytesError: its head is damaged
 */
export async function inspectDatabase(
  { store, heads, clock }: { readonly store: ObjectStore; readonly heads: HeadStore; readonly clock: Clock },
  databaseId: DatabaseId,
): Promise<DatabaseInspection | undefined> {
  const [stored, pins] = await Promise.all([heads.load(databaseId), lookAtPins(store, databaseId, INSPECTED_PINS)]);
  if (stored === undefined) return undefined;
  const { head } = stored;
  const now = clock.now();
  return {
    databaseId,
    inspectedAt: instant(now),
    head: headLook(stored),
    retention: {
      windowMs: head.options.retentionMs,
      fromSequence: head.horizon,
      fromAt: instantOrNull(timeOf(head.timeline, head.horizon)),
    },
    levels: inspectFiles(head, now, INSPECTED_FILES).map(levelLook),
    pins: pinsLook(pins),
    held: null,
  };
}

function headLook({ head, lastModifiedAt }: StoredHead): InspectedHeadLook {
  const { tenantId, name, epoch, owner, quarantined, deletedAt, parent, gcFloor, statistics, options } = head;
  return {
    sizeBytes: encodeHead(head).byteLength,
    edits: head.trail.edits,
    editedAt: instantOrNull(lastModifiedAt),
    ...{ tenantId, name, epoch, owner: owner ?? null, quarantined },
    deletedAt: instantOrNull(deletedAt),
    parent: parent ?? null,
    lastCommit: { ...head.lastCommit, at: instantOrNull(head.lastCommittedAt) },
    inline: { entries: head.inline.length, sizeBytes: inlineBytes(head), fromSequence: head.inlineFrom },
    rangeDeletes: head.rangeDeletes.length,
    idempotencyRecords: head.idempotency.recent.length,
    ...statistics,
    maxBytes: options.maxBytes,
    gcFloor: gcFloor ?? null,
  };
}

function inlineBytes({ inline }: Head): number {
  return inline.reduce(
    (sum, entry) => sum + entry.key.byteLength + (entry.kind === 'delete' ? 0 : entry.value.byteLength),
    0,
  );
}

function levelLook({ name, files, sizeBytes, entries, first }: InspectedLevel): InspectedLevelLook {
  return { name, files, sizeBytes, entries, first: first.map(fileLook) };
}

function fileLook({ ref, keys, overlaps, garbageShare }: InspectedFile): InspectedFileLook {
  const { id, sizeBytes, entries, deletes, superseded, expiring, minSequence, maxSequence, folder } = ref;
  return {
    ...{ id, createdAt: instant(ulidTime(id)), sizeBytes, entries, deletes, superseded, expiring },
    ...{ firstSequence: minSequence, lastSequence: maxSequence },
    keys: keys ?? null,
    overlaps: overlaps ?? null,
    garbageShare: garbageShare ?? null,
    folder: folder ?? null,
  };
}

function pinsLook({ pins, unreadable, hasMore }: PinsLook): DatabaseInspection['pins'] {
  const first = pins.map(({ id, purpose, holder, sequence, createdAt, files }) => ({
    ...{ id, purpose, holder, sequence, createdAt: instant(createdAt), files: files.length },
  }));
  return { first, unreadable, hasMore };
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Null where there is none, which is written as 0 in places. */
function instantOrNull(wallMs: number | undefined): string | null {
  return wallMs === undefined || wallMs === 0 ? null : instant(wallMs);
}
