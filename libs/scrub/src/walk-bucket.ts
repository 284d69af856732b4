import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { isDatabaseId } from '@leasehold/foundation';
import type { ListedObject, ObjectStore } from '@leasehold/object-store';

/** Objects that belong together, in the order of their names. */
export type BucketPart =
  | { readonly kind: 'database'; readonly databaseId: DatabaseId; readonly objects: readonly ListedObject[] }
  | { readonly kind: 'log'; readonly sessionId: SessionId; readonly objects: readonly ListedObject[] }
  | { readonly kind: 'session'; readonly sessionId: SessionId; readonly objects: readonly ListedObject[] }
  | { readonly kind: 'other'; readonly objects: readonly ListedObject[] };

type PartName =
  | { readonly kind: 'database'; readonly databaseId: DatabaseId }
  | { readonly kind: 'log' | 'session'; readonly sessionId: SessionId }
  | { readonly kind: 'other' };

/** A thousand million objects. */
const PAGES_LIMIT = 1_000_000;

/** Lists everything below a prefix. @throws StoreUnavailableError */
export async function* listObjects(
  store: Pick<ObjectStore, 'list'>,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ListedObject> {
  let startAfter: string | undefined;
  for (let page = 0; page < PAGES_LIMIT; page++) {
    const { objects, truncated } = await store.list(prefix, { startAfter, signal });
    yield* objects;
    if (!truncated) return;
    startAfter = objects.at(-1)?.key;
  }
}

/**
 * The whole bucket, part by part: databases, logs, session records, and between them what is none of these. One part is held in memory at a
 * time. @throws StoreUnavailableError
 */
export async function* walkBucket(store: Pick<ObjectStore, 'list'>, signal?: AbortSignal): AsyncGenerator<BucketPart> {
  let name: PartName | undefined;
  let objects: ListedObject[] = [];
  for await (const object of listObjects(store, '', signal)) {
    const next = partOf(object.key);
    if (name !== undefined && !isSamePart(name, next)) {
      yield { ...name, objects };
      objects = [];
    }
    name = next;
    objects.push(object);
  }
  if (name !== undefined) yield { ...name, objects };
}

function partOf(key: string): PartName {
  const session = bucketLayout.parseSession(key);
  if (session !== undefined) return { kind: 'session', sessionId: session };
  const log = bucketLayout.parseLog(key);
  if (log !== undefined) return { kind: 'log', sessionId: log };
  const folder = key.startsWith(bucketLayout.databases) ? key.split('/', 2)[1] : undefined;
  return folder !== undefined && isDatabaseId(folder) ? { kind: 'database', databaseId: folder } : { kind: 'other' };
}

function isSamePart(a: PartName, b: PartName): boolean {
  if (a.kind === 'database') return b.kind === 'database' && a.databaseId === b.databaseId;
  if (a.kind === 'log') return b.kind === 'log' && a.sessionId === b.sessionId;
  // One at a time: neither needs the others.
  return false;
}
