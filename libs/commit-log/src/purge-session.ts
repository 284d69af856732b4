import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { forEachBounded, isLeaseholdError, LeaseholdError } from '@leasehold/foundation';
import { decodeSessionRecord } from '@leasehold/lease';
import type { ListedObject, ObjectStore } from '@leasehold/object-store';

import { openClosedLog } from './close-log.js';
import type { LogDatabase } from './log-index.js';
import { SEAL_BYTES } from './segment.js';

/** How long a session must have ended before anything of it goes: longer than any retry that is still on its way (S5). */
export const PURGE_AGE_MS = 24 * 60 * 60 * 1_000;

const CONCURRENT_REQUESTS = 16;
/** As when closing: a million objects. */
const LIST_PAGES_LIMIT = 1_000;

export interface PurgeContext {
  readonly store: ObjectStore;
}

export interface PurgeOptions {
  /** {@link PURGE_AGE_MS} by default; by the store's clock alone. */
  readonly minAgeMs?: number;
  readonly signal?: AbortSignal;
}

export interface PurgeSessionOptions extends PurgeOptions {
  /**
   * Whether nothing of these databases can be wanted from the log any more: the head is absent, tombstoned, released, of a newer epoch,
   * or its commit has reached `lastSequence`. A quarantined head is not recovered.
   */
  isRecovered(databases: readonly LogDatabase[]): Promise<boolean>;
}

/**
 * Deletes what an ended session has left: its record, then its data segments and rollups (S5). Seals stay for ever, so that no segment
 * of it can come to be where one was closed.
 *
 * The record goes first. From then on the session has ended with nothing to recover, for everybody who looks, and whoever was reading its
 * log finds that out when an object is missing. [With the log deleted first, a record would for a while name rollups that are gone, and a
 * database that was recovered by having everything in its head would be taken for damaged.] What a crash leaves then is an orphaned log,
 * see {@link purgeOrphanedLog}; so is what lands late.
 *
 * Safe to repeat, to run twice at a time, late, and beside a recovery: all databases ARE recovered, and heads never go back.
 *
 * @returns `absent`: no record; `not-ended`: live, or its log is not closed; `too-young`: not ended for `minAgeMs`, or no session is alive whose
 *   record tells the store's time; `unrecovered`: some database still needs the log, or damage hides which
 * @throws StoreUnavailableError; CorruptBytesError for a record that cannot be read
 */
export async function purgeSession(
  ctx: PurgeContext,
  sessionId: SessionId,
  options: PurgeSessionOptions,
): Promise<'purged' | 'too-young' | 'not-ended' | 'unrecovered' | 'absent'> {
  const { minAgeMs = PURGE_AGE_MS, signal, isRecovered } = options;
  const key = bucketLayout.session(sessionId);
  const found = await ctx.store.get(key, { signal });
  if (found === undefined || found === 'not-modified') return 'absent';
  const record = decodeSessionRecord(found.body, sessionId);
  if (record.state === 'live') return 'not-ended';
  const closed = record.state === 'clean' ? undefined : await openClosedLog(ctx, record);
  if (record.state !== 'clean' && closed === undefined) return 'not-ended';
  const objects = await listAll(ctx, bucketLayout.log(sessionId), signal);
  // From its last edit on, and from the last thing that landed in its log.
  const quietSinceAt = Math.max(found.lastModifiedAt, latest(objects));
  if ((await storeNow(ctx, signal)) - quietSinceAt < minAgeMs) return 'too-young';
  if (closed !== undefined) {
    try {
      if (!(await isRecovered(await closed.databases(ctx)))) return 'unrecovered';
    } catch (error) {
      // Damage that could be anybody's: nobody can say that all is recovered.
      if (isLeaseholdError(error, 'corrupt')) return 'unrecovered';
      throw error;
    }
  }
  signal?.throwIfAborted();
  await ctx.store.delete(key, { signal });
  await deleteAll(ctx, withoutSeals(sessionId, objects), signal);
  return 'purged';
}

/**
 * Deletes data segments and rollups of a session that has no record: what a purge has left that was interrupted, and what landed after
 * it. The seals stay.
 * @returns `has-record`: nothing was touched; `too-young`: as for {@link purgeSession}; `empty`: there is nothing but seals
 * @throws StoreUnavailableError
 */
export async function purgeOrphanedLog(
  ctx: PurgeContext,
  sessionId: SessionId,
  options: PurgeOptions = {},
): Promise<'purged' | 'too-young' | 'has-record' | 'empty'> {
  const { minAgeMs = PURGE_AGE_MS, signal } = options;
  const objects = await listAll(ctx, bucketLayout.log(sessionId), signal);
  // Looked for after the log: a session's record is there before its log, so one that has just begun has it by now (S1).
  if ((await ctx.store.get(bucketLayout.session(sessionId), { signal })) !== undefined) return 'has-record';
  const data = withoutSeals(sessionId, objects);
  if (data.length === 0) return 'empty';
  if ((await storeNow(ctx, signal)) - latest(data) < minAgeMs) return 'too-young';
  await deleteAll(ctx, data, signal);
  return 'purged';
}

/**
 * The store's clock, as late as it can be known: when the youngest session record was written. Live sessions renew theirs every few
 * seconds. Where none is alive this lies in the past, and everything looks younger than it is.
 */
async function storeNow(ctx: PurgeContext, signal: AbortSignal | undefined): Promise<number> {
  return latest(await listAll(ctx, bucketLayout.sessions, signal));
}

async function listAll(
  ctx: PurgeContext,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly ListedObject[]> {
  const all: ListedObject[] = [];
  let startAfter: string | undefined;
  for (let page = 0; page < LIST_PAGES_LIMIT; page++) {
    const { objects, truncated } = await ctx.store.list(prefix, { startAfter, signal });
    all.push(...objects);
    if (!truncated) return all;
    startAfter = objects.at(-1)?.key;
  }
  throw new LeaseholdError('corrupt', 'log-too-long', `too many objects under ${prefix}`);
}

function latest(objects: readonly ListedObject[]): number {
  return objects.reduce((max, { lastModifiedAt }) => Math.max(max, lastModifiedAt), 0);
}

async function deleteAll(
  ctx: PurgeContext,
  objects: readonly ListedObject[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await forEachBounded(objects, CONCURRENT_REQUESTS, async ({ key }) => {
    signal?.throwIfAborted();
    await ctx.store.delete(key, { signal });
  });
}

/** Data and rollups: nothing that is neither, and nothing of the size of a seal, which no data has. */
function withoutSeals(sessionId: SessionId, objects: readonly ListedObject[]): readonly ListedObject[] {
  return objects.filter(({ key, sizeBytes }) => {
    if (bucketLayout.parseRollup(sessionId, key) !== undefined) return true;
    return bucketLayout.parseSegment(sessionId, key) !== undefined && sizeBytes !== SEAL_BYTES;
  });
}
