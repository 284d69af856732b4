import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { ClosedLog, Frame } from '@leasehold/commit-log';
import { closeLog, LogCache, readTail } from '@leasehold/commit-log';
import type { Commit, StoredHead } from '@leasehold/engine';
import { SessionResumedError } from '@leasehold/lease';

import type { OwnershipContext } from './context.js';
import { QuarantinedError } from './errors.js';
import type { Aside } from './lanes.js';
import { quarantine } from './publish-tail.js';
import { commitsAfter } from './tail.js';

/** Closed logs kept at hand: after a crash thousands of databases are recovered from the same one. */
const MAX_CLOSED_LOGS = 8;

/** Reads what ended sessions left in their logs. */
export class Recovery {
  private readonly closed = new Map<SessionId, Promise<ClosedLog>>();
  private readonly cache: LogCache;

  constructor(private readonly ctx: OwnershipContext) {
    this.cache = new LogCache(ctx.settings.recoveryCacheBytes);
  }

  /**
   * Ends a session that the watch knows as silent or sealed, and closes its log (S3), so that nothing can be added to it
   * while it is read. @throws SessionResumedError when it has renewed since
   */
  close(owner: SessionId): Promise<ClosedLog> {
    const known = this.closed.get(owner);
    if (known) return known;
    const observed = this.ctx.watch.get(owner);
    // Only a session that was seen silent is sealed (S2), and since the caller looked it may have renewed, or be gone.
    if (observed === undefined || observed.status === 'live') return Promise.reject(new SessionResumedError(owner));
    // S2 was judged on this ETag; a record that has changed since belongs to a session that lives.
    const closing = closeLog(this.ctx, owner, { observedEtag: observed.etag, cache: this.cache });
    this.closed.set(owner, closing);
    closing.catch(() => {
      if (this.closed.get(owner) === closing) this.closed.delete(owner);
    });
    for (const oldest of this.closed.keys()) {
      if (this.closed.size <= MAX_CLOSED_LOGS) break;
      this.closed.delete(oldest);
    }
    return closing;
  }

  /**
   * The durable commits of a database that its head does not contain yet, oldest first. Undefined: they do not go on from
   * this head, but it is no longer what the bucket holds, so look again.
   * @param aside for the time in which the log is read for all
   * @throws QuarantinedError
   */
  tailOf(log: ClosedLog, stored: StoredHead, aside: Aside): Promise<readonly Commit[] | undefined> {
    return this.commitsIn(stored, (databaseId, epoch, sequence) =>
      readTail(this.ctx, log, databaseId, epoch, sequence, aside),
    );
  }

  /** The same from this session's own log (P2). */
  ownTailOf(stored: StoredHead): Promise<readonly Commit[] | undefined> {
    return this.commitsIn(stored, (databaseId, epoch, sequence) => this.ctx.log.ownTail(databaseId, epoch, sequence));
  }

  private async commitsIn(
    stored: StoredHead,
    read: (databaseId: DatabaseId, epoch: number, afterSequence: number) => Promise<readonly Frame[]>,
  ): Promise<readonly Commit[] | undefined> {
    const { databaseId, epoch, lastCommit } = stored.head;
    try {
      return commitsAfter(stored.head, await read(databaseId, epoch, lastCommit.sequence));
    } catch (error) {
      if (!isLeaseholdError(error, 'corrupt')) throw error;
      // The reason of a session's end is of this kind, too, and says nothing about the tail; who has ended judges nobody.
      this.ctx.session.ended.throwIfAborted();
      return this.quarantineFor(error, stored);
    }
  }

  /** L3 */
  private async quarantineFor(cause: unknown, stored: StoredHead): Promise<undefined> {
    // The bytes were judged against a head that is gone: the judgement is worth nothing.
    if ((await quarantine(this.ctx.heads, stored)) === 'conflict') return undefined;
    this.ctx.events.quarantined(stored.head.databaseId, cause);
    throw new QuarantinedError(cause);
  }
}
