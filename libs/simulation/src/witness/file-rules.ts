import type { Head, SstRef } from '@leasehold/engine';
import { filesOf } from '@leasehold/engine';
import type { DatabaseId, Ulid } from '@leasehold/foundation';

import type { BucketState } from './bucket-state.js';
import type { DatabaseTrace } from './database-trace.js';
import type { Report } from './findings.js';

/** What an edit may do to files and history (G1, C1, H2); of the first head `base` is undefined. */
export function judgeFiles(state: BucketState, base: Head | undefined, next: Head, report: Report): void {
  const present = new Set(base === undefined ? [] : [...filesOf(base)].map(fileOf));
  for (const ref of filesOf(next)) {
    if (present.has(fileOf(ref))) continue;
    const folder = state.database(ref.folder ?? next.databaseId);
    if (folder.files.get(ref.id)?.isPresent !== true) report('G1', `names a file that is not there: ${ref.id}`);
    const floor = base?.gcFloor;
    const isOwn = ref.folder === undefined && !isPinned(folder, ref.id);
    if (isOwn && floor !== undefined && ref.id <= floor) report('G1', `adds a file below the floor: ${ref.id}`);
  }
  if (base === undefined) return;
  judgeHistory(base, next, report);
  if (next.lastCommit.sequence > base.lastCommit.sequence) judgeFlushedFiles(base, next, report);
  if (base.quarantined && next.quarantined) judgeFrozen(base, next, 'a quarantined database', report);
  if (base.deletedAt !== undefined && next.deletedAt !== undefined)
    judgeFrozen(base, next, 'a deleted database', report);
}

function judgeHistory(base: Head, next: Head, report: Report): void {
  if (next.horizon < base.horizon) report('C1', `the horizon fell from ${base.horizon} to ${next.horizon}`);
  if (base.gcFloor !== undefined && (next.gcFloor === undefined || next.gcFloor < base.gcFloor))
    report('G1', `the floor of files fell from ${base.gcFloor} to ${next.gcFloor}`);
  if (next.inlineFrom < base.inlineFrom) report('H2', 'what lay in files became inline');
  const hiding = new Set(next.rangeDeletes.map(({ version }) => version.sequence));
  for (const { version } of base.rangeDeletes) {
    if (!hiding.has(version.sequence) && version.sequence > next.horizon)
      report('C1', `the range delete of commit ${version.sequence} left above the horizon ${next.horizon}`);
  }
  const kept = new Set(next.history.map(({ ref }) => fileOf(ref)));
  for (const { role, ref } of base.history) {
    if (role === 'versions' && !kept.has(fileOf(ref)) && ref.maxSequence > next.horizon)
      report('C1', `old versions to commit ${ref.maxSequence} left above the horizon ${next.horizon}`);
  }
}

/** H2: only compaction replaces files; an edit with commits puts new ones in front. */
function judgeFlushedFiles(base: Head, next: Head, report: Report): void {
  const isSame = (a: readonly SstRef[], b: readonly SstRef[]): boolean =>
    a.length === b.length && a.every((ref, i) => fileOf(ref) === fileOf(b[i] as SstRef));
  if (!isSame(base.l1, next.l1)) report('H2', 'an edit with commits changed L1');
  if (!isSame(base.l0, next.l0.slice(Math.max(0, next.l0.length - base.l0.length))))
    report('H2', 'an edit with commits changed L0');
}

function judgeFrozen(base: Head, next: Head, what: string, report: Report): void {
  const filesBefore = [...filesOf(base)].map(fileOf).join();
  if (next.gcFloor !== base.gcFloor || [...filesOf(next)].map(fileOf).join() !== filesBefore)
    report('L3', `files or floor of ${what} were changed`);
}

/** G1, G2: gone only below the floor, when neither the head nor a pin nor another database's head names it. */
export function judgeFileDeletion(state: BucketState, database: DatabaseTrace, id: Ulid, report: Report): void {
  const floor = database.head?.gcFloor;
  if (floor === undefined || id > floor) report('G1', `a file was deleted above the floor ${floor}: ${id}`);
  for (const { id: holder, head } of state.databases.values()) {
    if (head !== undefined && names(head, database.id, id))
      report('G1', `a file was deleted that ${holder} names: ${id}`);
  }
  if (isPinned(database, id)) report('G2', `a file was deleted that is pinned: ${id}`);
}

/** What a pin can hold: what the head names when it lands. */
export function heldFiles(database: DatabaseTrace, files: readonly Ulid[]): ReadonlySet<Ulid> {
  const { head } = database;
  const named = new Set(head === undefined ? [] : [...filesOf(head)].map(({ id }) => id));
  return new Set(files.filter((id) => named.has(id)));
}

function isPinned(database: DatabaseTrace, id: Ulid): boolean {
  return [...database.pins.values()].some((files) => files.has(id));
}

function names(head: Head, folder: DatabaseId, id: Ulid): boolean {
  for (const ref of filesOf(head)) if (ref.id === id && (ref.folder ?? head.databaseId) === folder) return true;
  return false;
}

function fileOf({ folder, id }: SstRef): string {
  return folder === undefined ? id : `${folder}/${id}`;
}
