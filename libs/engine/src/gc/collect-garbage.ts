import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, Ulid } from '@leasehold/foundation';
import type { ListedObject, ObjectStore, SettleContext } from '@leasehold/object-store';

import type { Head } from '../format/head.js';
import { isUlid } from '../format/sst-ref.js';
import { filesOf } from '../head/file-ids.js';
import type { StoredHead } from '../head/head-store.js';
import { HeadStore } from '../head/head-store.js';
import { pinnedFiles } from './pins.js';

export interface GarbageSettings {
  /**
   * How long an unreferenced file stays, by the store's clock. Nothing is lost if it is 0: it spares readers with an old head a 404 and a
   * second try (G2), and writers between upload and CAS a second upload.
   */
  readonly minAgeMs: number;
}

export const GARBAGE_SETTINGS: GarbageSettings = { minAgeMs: 60 * 60 * 1000 };

/** Files of one database that one run looks at: 100 pages. A later run goes on, as what it deletes no longer fills the first pages. */
export const GARBAGE_LIST_PAGES = 100;

const DELETES_IN_FLIGHT = 8;

export interface GarbageReport {
  /**
   * - `collected`: the floor is raised, everything deletable is deleted
   * - `nothing`: no unreferenced file of sufficient age (or no such database); the head was not touched
   * - `pinned`: the floor is raised, but there is a pin that cannot be read, or too many of them
   * - `skipped`: the database is quarantined or deleted, its folder must stay whole
   */
  readonly outcome: 'collected' | 'nothing' | 'pinned' | 'skipped';
  readonly deletedFiles: number;
  readonly deletedBytes: number;
  /** Unreferenced, but too young, above the floor or pinned. */
  readonly keptFiles: number;
}

/**
 * Deletes the files of a database that no head names and none ever will (G1, docs/protocols/compaction-and-gc.md):
 *
 * 1. GET head, LIST files. Candidates: not in the head, and old enough by this process's clock. None: done, the head is left alone.
 * 2. CAS the highest candidate's id into the head as gcFloor. From now on no edit can add a file at or below it: whoever is about to
 *    loses its CAS, re-reads and finds its file below the floor.
 * 3. GET head again: its lastModifiedAt is the store's present time, give or take this one round trip.
 * 4. LIST and read the pins of this folder, whoever holds them. One that cannot be read: delete nothing.
 * 5. Delete the candidates that neither the head of step 2 nor a pin names and that are older than minAgeMs by the store's clock.
 *
 * Why so: the floor comes from ids of existing files, not from a clock, so a clock in the future cannot lift it above ids that will be
 * drawn for years (those files could never be collected); and this process's clock decides only whether to try, never what to delete.
 *
 * Safe twice, late, and beside everything else; a pause between any two steps deletes nothing that lives, because files at or below a floor
 * can only leave heads, never join them.
 * @throws UnknownOutcomeError, StoreUnavailableError, HeadContentionError: run it again later
 */
export async function collectGarbage(
  ctx: SettleContext,
  databaseId: DatabaseId,
  settings: GarbageSettings = GARBAGE_SETTINGS,
): Promise<GarbageReport> {
  const heads = new HeadStore(ctx);
  const base = await heads.load(databaseId);
  if (base === undefined) return report('nothing');
  if (isFrozen(base.head)) return report('skipped');

  const now = ctx.clock.now();
  const unreferenced = await listUnreferenced(ctx.store, base.head);
  const candidates = unreferenced.filter(({ object }) => now - object.lastModifiedAt >= settings.minAgeMs);
  const highest = candidates.at(-1)?.id;
  if (highest === undefined) return report('nothing', { keptFiles: unreferenced.length });

  const floored = await raiseFloor(heads, base, highest);
  if (floored === undefined) return report('skipped', { keptFiles: unreferenced.length });
  const storeNow = (await heads.load(databaseId))?.lastModifiedAt;
  const pinned = await pinnedFiles(ctx.store, databaseId);
  if (pinned === undefined) return report('pinned', { keptFiles: unreferenced.length });

  const referenced = referencedFiles(floored.head);
  const garbage = candidates.filter(
    ({ id, object }) =>
      !referenced.has(id) &&
      !pinned.has(id) &&
      storeNow !== undefined &&
      storeNow - object.lastModifiedAt >= settings.minAgeMs,
  );
  for (let i = 0; i < garbage.length; i += DELETES_IN_FLIGHT) {
    await Promise.all(garbage.slice(i, i + DELETES_IN_FLIGHT).map(({ object }) => ctx.store.delete(object.key)));
  }
  return report('collected', {
    deletedFiles: garbage.length,
    deletedBytes: garbage.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    keptFiles: unreferenced.length - garbage.length,
  });
}

interface UnreferencedFile {
  readonly id: Ulid;
  readonly object: ListedObject;
}

/** In the order of their ids, as a LIST is. Names that are no file ids are left alone. */
async function listUnreferenced(store: ObjectStore, head: Head): Promise<UnreferencedFile[]> {
  const referenced = referencedFiles(head);
  const prefix = bucketLayout.ssts(head.databaseId);
  const files: UnreferencedFile[] = [];
  let startAfter: string | undefined;
  for (let pages = 0; pages < GARBAGE_LIST_PAGES; pages++) {
    const page = await store.list(prefix, startAfter === undefined ? {} : { startAfter });
    for (const object of page.objects) {
      const id = bucketLayout.parseSst(head.databaseId, object.key);
      if (id !== undefined && isUlid(id) && !referenced.has(id)) files.push({ id, object });
    }
    startAfter = page.objects.at(-1)?.key;
    if (!page.truncated || startAfter === undefined) break;
  }
  return files;
}

/**
 * The head after the CAS; undefined when quarantined, deleted or gone meanwhile. Swaps even where the floor is high enough already: the
 * swap is also how step 3 learns the time.
 */
async function raiseFloor(heads: HeadStore, base: StoredHead, floor: Ulid): Promise<StoredHead | undefined> {
  const edit = await heads.edit(
    base,
    (head) => (isFrozen(head) ? undefined : { ...head, gcFloor: higher(head.gcFloor, floor) }),
    { acrossOwners: true },
  );
  return edit.outcome === 'done' ? edit.stored : undefined;
}

function higher(present: Ulid | undefined, floor: Ulid): Ulid {
  return present !== undefined && present > floor ? present : floor;
}

function isFrozen(head: Head): boolean {
  return head.quarantined || head.deletedAt !== undefined;
}

/** Levels, history and idempotency records; other folders are other databases' to collect. */
function referencedFiles(head: Head): ReadonlySet<Ulid> {
  const ids = new Set<Ulid>();
  for (const { id, folder } of filesOf(head)) if (folder === undefined || folder === head.databaseId) ids.add(id);
  return ids;
}

function report(outcome: GarbageReport['outcome'], counts: Partial<GarbageReport> = {}): GarbageReport {
  return { deletedFiles: 0, deletedBytes: 0, keptFiles: 0, ...counts, outcome };
}
