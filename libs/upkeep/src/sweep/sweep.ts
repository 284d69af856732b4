import { bucketLayout } from '@leasehold/bucket-layout';
import { HeadStore } from '@leasehold/engine';
import { forEachBounded, isLeaseholdError, type DatabaseId, type SessionId } from '@leasehold/foundation';
import type { SessionStatus } from '@leasehold/lease';
import { MeteredStore, type SettleContext, type StoreVerb } from '@leasehold/object-store';

import { isDue, needsOf, TURNS, type HeadSelection } from './database-needs.js';
import { listDatabases, listPages, type ListedDatabase } from './listed-databases.js';
import { listLogs, needOfSession } from './session-needs.js';

/** Where a sweep asks for jobs. */
export interface SweepQueues {
  enqueueCompaction(databaseId: DatabaseId): void;
  enqueueGc(databaseId: DatabaseId): void;
  enqueueRecovery(sessionId: SessionId, seen: 'ended'): void;
  enqueuePurge(sessionId: SessionId): void;
  /** Resolves when there is room for {@link HEADS_AT_ONCE} more. */
  room(signal: AbortSignal): Promise<void>;
}

export interface SweepContext extends Pick<SettleContext, 'store' | 'clock' | 'random'> {
  readonly watch: { status(id: SessionId): SessionStatus };
  readonly queues: SweepQueues;
  /** A head whose bytes are not what was written: someone has to look. */
  readonly onDamaged: (databaseId: DatabaseId, cause: unknown) => void;
}

export interface SweepSettings {
  /** Time between two sweeps. */
  readonly intervalMs: number;
  /** As collectGarbage has it. */
  readonly gcMinAgeMs: number;
  /** Age at which a session's record and log may be deleted (S5). */
  readonly keepSessionsMs: number;
  /** Read every head. */
  readonly full: boolean;
}

export interface SweepReport {
  readonly databases: number;
  readonly headsRead: number;
  readonly damagedHeads: number;
  readonly sessions: number;
  readonly asked: Readonly<Record<'compact' | 'gc' | 'recover' | 'purge', number>>;
  /** What it cost, without what the jobs will. */
  readonly requests: Readonly<Record<StoreVerb, number>>;
}

/** A change is looked at by so many sweeps, so that jobs may get lost between them. */
const SWEEPS_PER_CHANGE = 3;
/** Heads read at the same time; 64 KiB each, and more where files are many. */
export const HEADS_AT_ONCE = 16;
/** Records in memory; far more than the watch looks at. Behind it, logs without a record are left to a later sweep. */
const SESSIONS_LIMIT = 100_000;

/**
 * Looks through the bucket and asks for every job that should be there: what a lost queue, a dropped job or a worker that
 * died before it could ask has left undone. It changes nothing itself, so it may run twice, late, or beside itself.
 *
 * Its cost is a LIST per 1,000 objects, and a GET of the heads of databases that have files and in which something was written
 * during the last three intervals, or whose turn it is (one sweep in {@link TURNS}). It keeps no memory: what has changed, the listing tells, by the
 * store's clock alone.
 *
 * @throws StoreUnavailableError, the signal's reason; then it begins anew
 */
export async function sweepBucket(
  ctx: SweepContext,
  settings: SweepSettings,
  signal: AbortSignal,
): Promise<SweepReport> {
  const requests = { get: 0, put: 0, delete: 0, list: 0 };
  const asked = { compact: 0, gc: 0, recover: 0, purge: 0 };
  const store = new MeteredStore(ctx.store, ctx.clock, ({ verb }) => void requests[verb]++);
  const metered = { ...ctx, store };
  const records = await listRecords(metered, signal);
  const storeNow = records.storeNow;
  await sweepSessions(metered, records, settings, asked, signal);
  const databases = await sweepDatabases(metered, selectionAt(storeNow, settings), storeNow, settings, asked, signal);
  return { ...databases, sessions: records.changedAt.size, asked, requests };
}

type Asked = Record<keyof SweepReport['asked'], number>;

interface SessionRecords {
  readonly changedAt: ReadonlyMap<SessionId, number>;
  readonly truncated: boolean;
  /** The latest time that the store is known to have reached: live sessions edit their records every few seconds. */
  readonly storeNow: number;
}

async function listRecords({ store, clock }: SweepContext, signal: AbortSignal): Promise<SessionRecords> {
  const changedAt = new Map<SessionId, number>();
  let storeNow = 0;
  for await (const objects of listPages(store, bucketLayout.sessions, signal)) {
    for (const { key, lastModifiedAt } of objects) {
      const id = bucketLayout.parseSession(key);
      if (id === undefined) continue;
      storeNow = Math.max(storeNow, lastModifiedAt);
      changedAt.set(id, lastModifiedAt);
    }
    if (changedAt.size >= SESSIONS_LIMIT) return { changedAt, truncated: true, storeNow };
  }
  // Without any session nobody writes, and nothing depends on the hour.
  return { changedAt, truncated: false, storeNow: storeNow || clock.now() };
}

async function sweepSessions(
  { store, watch, queues }: SweepContext,
  { changedAt, truncated, storeNow }: SessionRecords,
  { keepSessionsMs }: SweepSettings,
  asked: Asked,
  signal: AbortSignal,
): Promise<void> {
  for (const [id, at] of changedAt) {
    const need = needOfSession(watch.status(id), storeNow - at, keepSessionsMs);
    if (need === undefined) continue;
    await queues.room(signal);
    asked[need]++;
    if (need === 'recover') queues.enqueueRecovery(id, 'ended');
    else queues.enqueuePurge(id);
  }
  if (truncated) return;
  for await (const { sessionId, changedAt: logChangedAt, hasData } of listLogs(store, signal)) {
    // Left by a purge that was interrupted, or landed late. A session that began after the listing of records is too young.
    if (changedAt.has(sessionId) || !hasData || storeNow - logChangedAt < keepSessionsMs) continue;
    await queues.room(signal);
    asked.purge++;
    queues.enqueuePurge(sessionId);
  }
}

function selectionAt(storeNow: number, { intervalMs, full }: SweepSettings): HeadSelection {
  return {
    changedSinceAt: storeNow - SWEEPS_PER_CHANGE * intervalMs,
    turn: full ? 'all' : Math.floor(storeNow / intervalMs) % TURNS,
  };
}

async function sweepDatabases(
  ctx: SweepContext,
  selection: HeadSelection,
  storeNow: number,
  { gcMinAgeMs }: SweepSettings,
  asked: Asked,
  signal: AbortSignal,
): Promise<Pick<SweepReport, 'databases' | 'headsRead' | 'damagedHeads'>> {
  const counts = { databases: 0, headsRead: 0, damagedHeads: 0 };
  const heads = new HeadStore({ ...ctx, signal });
  const visit = async (listed: ListedDatabase): Promise<void> => {
    counts.databases++;
    if (!isDue(listed, selection)) return;
    counts.headsRead++;
    const head = await loadHead(heads, listed.databaseId).catch((error: unknown) => {
      if (!isLeaseholdError(error, 'corrupt')) throw error;
      counts.damagedHeads++;
      ctx.onDamaged(listed.databaseId, error);
      return undefined;
    });
    if (head === undefined) return;
    const needs = needsOf(head, listed, ctx.clock.now(), storeNow - gcMinAgeMs);
    await ctx.queues.room(signal);
    if (needs.compact) {
      asked.compact++;
      ctx.queues.enqueueCompaction(listed.databaseId);
    }
    if (needs.collect) {
      asked.gc++;
      ctx.queues.enqueueGc(listed.databaseId);
    }
  };
  await forEachBounded(listDatabases(ctx.store, signal), HEADS_AT_ONCE, visit);
  return counts;
}

async function loadHead(heads: HeadStore, databaseId: DatabaseId) {
  return (await heads.load(databaseId))?.head;
}
