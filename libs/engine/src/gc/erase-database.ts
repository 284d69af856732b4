import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { ListedObject, SettleContext } from '@leasehold/object-store';

import type { Head } from '../format/head.js';
import { HeadStore, type StoredHead } from '../head/head-store.js';
import { pinnedFiles } from './pins.js';

export interface EraseSettings {
  /**
   * Whether nothing that this session has in its log is of any database any more: it drained, or was purged. Of one that lives the database
   * is still the owner's to write; of one that died its log has to be recovered first, for what it used is told by its commits.
   */
  readonly isOver: (owner: SessionId) => Promise<boolean>;
  /** How long the tombstone stays, by the store's clock: as long as a put that was given up may land. */
  readonly keepTombstoneMs: number;
  /** What time it is at the store; undefined when nothing tells, and then the tombstone stays. */
  readonly storeNow: () => Promise<number | undefined>;
}

export interface EraseReport {
  /**
   * - `erased`: there is nothing of it in the bucket
   * - `buried`: its bytes are gone, and the tombstone is too young to go
   * - `owned`: a session has it, or has to be recovered first; nothing was changed
   * - `pinned`: it is deleted, and others still read some of its files
   * - `partial`: there are more objects than one run deletes
   * - `quarantined`: it is left alone until somebody has looked
   */
  readonly outcome: 'erased' | 'buried' | 'owned' | 'pinned' | 'partial' | 'quarantined';
  readonly owner: SessionId | undefined;
  readonly deletedObjects: number;
  readonly deletedBytes: number;
}

/** Of one run: 100,000 objects. */
const PAGES = 100;
const DELETES_IN_FLIGHT = 8;

/**
 * Deletes a database with all that it has in the bucket (H6). Whoever calls it knows that nobody may have it back.
 *
 * 1. GET head. Somebody's: nothing is done, for a database is deleted by its owner or through a claim.
 * 2. CAS the tombstone: the next epoch, nobody's, `deletedAt`, and no file, inline entry or record of the past. From here on no edit of an
 *    earlier epoch is taken, no claim is granted, and no file can join: whoever comes with an old head loses its CAS and finds the tombstone.
 * 3. LIST the pins, which are taken from heads that were read after they were created (G2): later ones find no file to hold.
 * 4. Delete every object but the head and what is pinned.
 * 5. When the tombstone is old enough and nothing is left, delete it: a run that was interrupted finds it and goes on.
 *
 * Safe twice, late, and after lost answers. Usage counters stay in the tombstone as long as it does.
 * @throws UnknownOutcomeError, StoreUnavailableError, CorruptBytesError: run it again later
 */
export async function eraseDatabase(
  ctx: SettleContext,
  databaseId: DatabaseId,
  settings: EraseSettings,
): Promise<EraseReport> {
  const heads = new HeadStore(ctx);
  const buried = await bury(heads, await heads.load(databaseId), settings, ctx.clock.now());
  if (typeof buried === 'object' && 'outcome' in buried) return buried;
  const pinned = await pinnedFiles(ctx.store, databaseId);
  const deletion = await deleteObjects(ctx, databaseId, (object) => {
    if (object.key === bucketLayout.head(databaseId)) return 'keep';
    if (object.key.startsWith(bucketLayout.pins(databaseId))) return 'pinned';
    const file = bucketLayout.parseSst(databaseId, object.key);
    return pinned === undefined || (file !== undefined && pinned.has(file)) ? 'pinned' : 'delete';
  });
  const report = { owner: undefined, deletedObjects: deletion.objects, deletedBytes: deletion.bytes };
  if (deletion.end !== 'all') return { ...report, outcome: deletion.end };
  if (buried === 'absent') return { ...report, outcome: 'erased' };
  const { lastModifiedAt } = buried;
  const storeNow = lastModifiedAt === undefined ? undefined : await settings.storeNow();
  const isOld = storeNow !== undefined && storeNow - (lastModifiedAt ?? storeNow) >= settings.keepTombstoneMs;
  if (!isOld) return { ...report, outcome: 'buried' };
  await ctx.store.delete(bucketLayout.head(databaseId));
  return { ...report, outcome: 'erased' };
}

/** The tombstone, there already or made here; or why there is none. */
async function bury(
  heads: HeadStore,
  stored: StoredHead | undefined,
  { isOver }: EraseSettings,
  now: number,
): Promise<StoredHead | 'absent' | EraseReport> {
  if (stored === undefined) return 'absent';
  const { head } = stored;
  const nothing = { owner: head.owner, deletedObjects: 0, deletedBytes: 0 };
  if (head.quarantined) return { ...nothing, outcome: 'quarantined' };
  if (head.deletedAt !== undefined) return stored;
  if (head.owner !== undefined && !(await isOver(head.owner))) return { ...nothing, outcome: 'owned' };
  const swap = await heads.swap(stored, tombstoneOf(head, now));
  // Somebody has edited or claimed it since it was read: the next run finds what became of it.
  if (swap.outcome === 'conflict') return { ...nothing, owner: swap.current?.head.owner, outcome: 'owned' };
  return swap.stored;
}

function tombstoneOf(head: Head, now: number): Head {
  return {
    ...head,
    name: '',
    epoch: head.epoch + 1,
    owner: undefined,
    deletedAt: now,
    horizon: head.lastCommit.sequence,
    inline: [],
    inlineFrom: head.lastCommit.sequence + 1,
    ...{ l0: [], l1: [], history: [], rangeDeletes: [], timeline: [] },
    idempotency: { recent: [], files: [], recentFrom: head.lastCommit.sequence + 1 },
    parent: undefined,
    statistics: { entries: 0, liveBytes: 0, historyBytes: 0 },
  };
}

interface Deletion {
  readonly end: 'all' | 'pinned' | 'partial';
  readonly objects: number;
  readonly bytes: number;
}

async function deleteObjects(
  { store }: SettleContext,
  databaseId: DatabaseId,
  fateOf: (object: ListedObject) => 'delete' | 'keep' | 'pinned',
): Promise<Deletion> {
  const counts = { objects: 0, bytes: 0 };
  let isPinned = false;
  let startAfter: string | undefined;
  for (let pages = 0; pages < PAGES; pages++) {
    const page = await store.list(bucketLayout.database(databaseId), startAfter === undefined ? {} : { startAfter });
    const fated = page.objects.map((object) => ({ object, fate: fateOf(object) }));
    isPinned ||= fated.some(({ fate }) => fate === 'pinned');
    const doomed = fated.flatMap(({ object, fate }) => (fate === 'delete' ? [object] : []));
    for (let i = 0; i < doomed.length; i += DELETES_IN_FLIGHT) {
      await Promise.all(doomed.slice(i, i + DELETES_IN_FLIGHT).map(({ key }) => store.delete(key)));
    }
    counts.objects += doomed.length;
    counts.bytes += doomed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    startAfter = page.objects.at(-1)?.key;
    if (!page.truncated || startAfter === undefined) return { ...counts, end: isPinned ? 'pinned' : 'all' };
  }
  return { ...counts, end: 'partial' };
}
