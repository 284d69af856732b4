import { ClosedLog, closeLog } from '@leasehold/commit-log';
import type { Head } from '@leasehold/engine';
import { forEachBounded, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { SessionResumedError, type SessionWatch } from '@leasehold/lease';
import type { SettleContext } from '@leasehold/object-store';
import { publishTail } from '@leasehold/ownership';

export interface RecoverContext extends Pick<SettleContext, 'store' | 'clock' | 'random'> {
  readonly watch: Pick<SessionWatch, 'get' | 'refresh' | 'untilNotLive'>;
  /** Undefined: nobody meters. */
  readonly usage?: RecoveredUsage;
}

/** What the session may not have recorded of what it wrote, for databases that perhaps nobody opens again. */
export interface RecoveredUsage {
  tell(head: Head): void;
  /** Everything that was told is in the bucket when it resolves. */
  recorded(): Promise<void>;
}

export interface RecoverSettings {
  /** Databases whose tails are published at the same time. */
  readonly databasesAtOnce: number;
  /** How long this process may need to see for itself that the session is silent: its ttl, when it has just begun to watch. */
  readonly watchTimeoutMs: number;
}

export interface RecoveryReport {
  /**
   * - `recovered`: whatever the log held is in the heads, or was quarantined
   * - `nothing`: the session has no record, or drained
   * - `live`: it does not look silent to this process, or has renewed since
   */
  readonly outcome: 'recovered' | 'nothing' | 'live';
  readonly databases: number;
  readonly published: number;
  /** Taken over by somebody else, before or meanwhile. */
  readonly superseded: number;
  readonly quarantined: number;
}

/**
 * Publishes what an ended session left: closes its log once (S3) and brings the tail of every database in it into its head, with
 * nobody as the owner (H3). A worker that wants one of them at the same time takes it over by itself and waits for nothing: one of
 * the two CASes is refused, and finds the other's result.
 *
 * Whether the session may be sealed is judged by this process's own watch (S2), never by whoever asked for the job.
 *
 * A database that cannot be published does not keep the others from it; the first such error is thrown in the end, so that the job
 * is run again. Safe twice, late, and beside everything else.
 *
 * @throws StoreUnavailableError, UnknownOutcomeError, and what else closing a log throws
 */
export async function recoverSession(
  ctx: RecoverContext,
  sessionId: SessionId,
  settings: RecoverSettings,
  signal: AbortSignal,
): Promise<RecoveryReport> {
  const ended = await untilEnded(ctx, sessionId, settings.watchTimeoutMs, signal);
  if (ended !== 'ended') return report(ended);
  const log = await close(ctx, sessionId, signal);
  return log instanceof ClosedLog ? publishAll(ctx, log, settings.databasesAtOnce, signal) : report(log);
}

/** What this process's watch says of the session, after it had the time to make up its mind. */
async function untilEnded(
  { watch, clock }: RecoverContext,
  sessionId: SessionId,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<'ended' | 'nothing' | 'live'> {
  const observed = watch.get(sessionId) ?? (await watch.refresh(sessionId));
  if (observed === undefined || observed.status === 'clean') return 'nothing';
  const expired = new AbortController();
  const timer = clock.schedule(timeoutMs, () => expired.abort(new Error('the session goes on renewing')));
  try {
    await watch.untilNotLive(sessionId, AbortSignal.any([signal, expired.signal]));
  } catch (error) {
    if (expired.signal.aborted && !signal.aborted) return 'live';
    throw error;
  } finally {
    timer.cancel();
  }
  const status = watch.get(sessionId)?.status;
  return status === 'expired' || status === 'sealed' ? 'ended' : 'nothing';
}

async function close(
  ctx: RecoverContext,
  sessionId: SessionId,
  signal: AbortSignal,
): Promise<ClosedLog | 'nothing' | 'live'> {
  const observedEtag = ctx.watch.get(sessionId)?.etag;
  // Its record was deleted between two looks: ended, nothing to recover (S5).
  if (observedEtag === undefined) return 'nothing';
  try {
    return await closeLog(ctx, sessionId, { observedEtag, signal });
  } catch (error) {
    if (!(error instanceof SessionResumedError)) throw error;
    return 'live';
  }
}

async function publishAll(
  ctx: RecoverContext,
  log: ClosedLog,
  databasesAtOnce: number,
  signal: AbortSignal,
): Promise<RecoveryReport> {
  const ids = new Set((await log.databases(ctx)).map(({ databaseId }) => databaseId));
  const counts = { published: 0, nothing: 0, superseded: 0, quarantined: 0 };
  const failures: unknown[] = [];
  await forEachBounded(ids, databasesAtOnce, async (databaseId: DatabaseId) => {
    signal.throwIfAborted();
    try {
      counts[await publishTail(ctx, log, databaseId, signal, (head) => ctx.usage?.tell(head))]++;
    } catch (error) {
      failures.push(error);
    }
  });
  await ctx.usage?.recorded();
  if (failures.length > 0) throw failures[0];
  const { published, superseded, quarantined } = counts;
  return { outcome: 'recovered', databases: ids.size, published, superseded, quarantined };
}

function report(outcome: RecoveryReport['outcome']): RecoveryReport {
  return { outcome, databases: 0, published: 0, superseded: 0, quarantined: 0 };
}
