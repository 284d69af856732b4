import { bucketLayout } from '@leasehold/bucket-layout';
import { CorruptBytesError, isLeaseholdError, type SessionId } from '@leasehold/foundation';
import { decodeSessionRecord, type SessionRecord } from '@leasehold/lease';
import type { ListedObject, ObjectStore } from '@leasehold/object-store';

/** Records read at the same time. */
const CONCURRENT_READS = 16;
/** Of a thousand sessions each, in search of the latest: those that ended within a day are among them. */
const LATEST_PAGES = 20;
/** Renewals come every third of the ttl; S3 tells times in whole seconds. */
const ROUNDING_MS = 1_000;

/** A session as its record in the bucket tells it. */
export interface WorkerView {
  readonly session: SessionId;
  /**
   * `live`, `sealed` or `clean` as the record says; `silent`: it says live, and has not been renewed for its ttl and a tenth. That is judged by
   * clocks of different machines: it is for people, nothing is decided by it. `unreadable`: the record is damaged.
   */
  readonly state: 'live' | 'silent' | 'sealed' | 'clean' | 'unreadable';
  /** On the bucket's clock. */
  readonly renewedAt: string;
  readonly endpoint?: string;
  readonly host?: string;
  readonly pid?: number;
  readonly ttlMs?: number;
  /** The first segment of its log that recovery may need. */
  readonly logFloor?: number;
  /** Folded parts of the log that recovery needs besides. */
  readonly rollups?: number;
}

/**
 * A page of sessions, oldest first, straight from the bucket: one LIST and a GET each.
 * @param after the session behind which the page begins
 * @returns `next`: behind which the next page begins; undefined: there is none
 * @throws StoreUnavailableError
 */
export async function listWorkers(
  store: ObjectStore,
  nowMs: number,
  after: SessionId | undefined,
  limit: number,
): Promise<{ readonly workers: readonly WorkerView[]; readonly next: SessionId | undefined }> {
  const startAfter = after === undefined ? {} : { startAfter: bucketLayout.session(after) };
  const { objects, truncated } = await store.list(bucketLayout.sessions, { ...startAfter, limit });
  const workers = await readAll(store, objects, nowMs);
  // Of what was listed, not of what was read: a session may be gone in between.
  const sessions = objects.map(({ key }) => bucketLayout.parseSession(key)).filter((session) => session !== undefined);
  return { workers, next: truncated ? sessions.at(-1) : undefined };
}

/**
 * Those sessions whose records were written last: a live one renews its own, so that it is behind none of the many that have ended. A LIST for each
 * thousand sessions, and a GET for each of those that are read.
 * @returns `unread`: when records were renewed (wall ms) that are not read, the latest first; `isAll`: no session was left out of the listing
 * @throws StoreUnavailableError; the signal's reason
 */
export async function latestWorkers(
  store: ObjectStore,
  nowMs: number,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly workers: readonly WorkerView[]; readonly unread: readonly number[]; readonly isAll: boolean }> {
  const listed: ListedObject[] = [];
  let isAll = false;
  for (let page = 0; page < LATEST_PAGES && !isAll; page++) {
    const last = listed.at(-1)?.key;
    const { objects, truncated } = await store.list(bucketLayout.sessions, {
      signal,
      ...(last === undefined ? {} : { startAfter: last }),
    });
    listed.push(...objects);
    isAll = !truncated;
  }
  listed.sort((a, b) => b.lastModifiedAt - a.lastModifiedAt);
  const workers = await readAll(store, listed.slice(0, limit), nowMs, signal);
  return { workers, unread: listed.slice(limit).map(({ lastModifiedAt }) => lastModifiedAt), isAll };
}

/** One session: one LIST of one, which tells when it was renewed, and a GET. Undefined: there is none. @throws StoreUnavailableError */
export async function readWorker(
  store: ObjectStore,
  session: SessionId,
  nowMs: number,
): Promise<WorkerView | undefined> {
  const { objects } = await store.list(bucketLayout.session(session), { limit: 1 });
  const [object] = objects;
  return object?.key === bucketLayout.session(session) ? viewOf(store, object, nowMs) : undefined;
}

async function readAll(
  store: ObjectStore,
  objects: readonly ListedObject[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<readonly WorkerView[]> {
  const workers: WorkerView[] = [];
  for (let from = 0; from < objects.length; from += CONCURRENT_READS) {
    signal?.throwIfAborted();
    const read = objects.slice(from, from + CONCURRENT_READS).map((object) => viewOf(store, object, nowMs));
    for (const view of await Promise.all(read)) if (view !== undefined) workers.push(view);
  }
  return workers;
}

/** Undefined: it is no session, or gone since it was listed. */
async function viewOf(
  store: ObjectStore,
  { key, lastModifiedAt }: ListedObject,
  nowMs: number,
): Promise<WorkerView | undefined> {
  const session = bucketLayout.parseSession(key);
  const object = session && (await store.get(key));
  if (session === undefined || object === undefined || object === 'not-modified') return undefined;
  const renewedAt = new Date(lastModifiedAt).toISOString();
  try {
    const record = decodeSessionRecord(object.body, session);
    const { endpoint, host, pid, ttlMs, floor: logFloor, rollups } = record;
    const state = stateOf(record, nowMs - lastModifiedAt);
    return { session, state, renewedAt, endpoint, host, pid, ttlMs, logFloor, rollups: rollups.length };
  } catch (error) {
    if (!(error instanceof CorruptBytesError) && !isLeaseholdError(error, 'corrupt')) throw error;
    return { session, state: 'unreadable' as const, renewedAt };
  }
}

function stateOf({ state, ttlMs }: SessionRecord, sinceMs: number): WorkerView['state'] {
  return state === 'live' && sinceMs > ttlMs + ttlMs / 10 + ROUNDING_MS ? 'silent' : state;
}
