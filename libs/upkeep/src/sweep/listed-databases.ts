import { bucketLayout } from '@leasehold/bucket-layout';
import { isDatabaseId, type DatabaseId, type Ulid } from '@leasehold/foundation';
import type { ListedObject, ObjectStore } from '@leasehold/object-store';

/** What a listing says of one database, without its head being read. */
export interface ListedDatabase {
  readonly databaseId: DatabaseId;
  readonly hasHead: boolean;
  /** When the newest of its objects was written, by the store's clock. */
  readonly changedAt: number;
  /** At most {@link FILES_LIMIT}; those behind them are looked at by a later sweep, when the first are gone. */
  readonly files: readonly ListedFile[];
}

export interface ListedFile {
  readonly id: Ulid;
  readonly lastModifiedAt: number;
}

/** Of one database, in memory: ten times what the largest one may have. */
export const FILES_LIMIT = 100_000;

/** All objects under a prefix, page by page, in the order of their names. @throws StoreUnavailableError, the signal's reason */
export async function* listPages(
  store: ObjectStore,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<readonly ListedObject[]> {
  let startAfter: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const { objects, truncated } = await store.list(prefix, { startAfter, signal });
    yield objects;
    startAfter = objects.at(-1)?.key;
    if (!truncated || startAfter === undefined) return;
  }
}

/**
 * Every database of the bucket, in the order of the ids. A listing is sorted, so all objects of one database stand together, and
 * one database at a time is in memory.
 */
export async function* listDatabases(store: ObjectStore, signal: AbortSignal): AsyncGenerator<ListedDatabase> {
  let present: OpenListing | undefined;
  for await (const objects of listPages(store, bucketLayout.databases, signal)) {
    for (const object of objects) {
      const databaseId = databaseOf(object.key);
      if (databaseId === undefined) continue;
      if (present?.databaseId !== databaseId) {
        if (present !== undefined) yield present;
        present = { databaseId, hasHead: false, changedAt: 0, files: [] };
      }
      add(present, object);
    }
  }
  if (present !== undefined) yield present;
}

interface OpenListing extends ListedDatabase {
  hasHead: boolean;
  changedAt: number;
  readonly files: ListedFile[];
}

function add(listing: OpenListing, { key, lastModifiedAt }: ListedObject): void {
  const { databaseId, files } = listing;
  listing.changedAt = Math.max(listing.changedAt, lastModifiedAt);
  if (bucketLayout.parseHead(key) === databaseId) listing.hasHead = true;
  const id = bucketLayout.parseSst(databaseId, key);
  if (id !== undefined && files.length < FILES_LIMIT) files.push({ id, lastModifiedAt });
}

function databaseOf(key: string): DatabaseId | undefined {
  const { length } = bucketLayout.databases;
  const id = key.slice(length, key.indexOf('/', length));
  return isDatabaseId(id) ? id : undefined;
}
