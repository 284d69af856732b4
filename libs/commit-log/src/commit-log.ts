import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, DatabaseId, Random, Timer } from '@leasehold/foundation';
import { assert, isLeaseholdError, LeaseholdError } from '@leasehold/foundation';
import type { Session } from '@leasehold/lease';
import { SessionLostError } from '@leasehold/lease';
import type { ObjectStore, StoredObject } from '@leasehold/object-store';
import { drawNonce, UnknownOutcomeError } from '@leasehold/object-store';

import { Chains } from './chains.js';
import type { Batch } from './collector.js';
import { Collector } from './collector.js';
import type { CommitLogSettings } from './commit-log-settings.js';
import { COMMIT_LOG_SETTINGS } from './commit-log-settings.js';
import { Confirmations } from './confirmations.js';
import type { Append, Frame } from './frame.js';
import { PAYLOAD_LIMIT_BYTES } from './frame-codec.js';
import { HedgedStore } from './hedged-store.js';
import { LogOverloadedError } from './log-errors.js';
import { LOOSE_LIMIT_SEGMENTS, LogKeeper } from './log-keeper.js';
import type { AppendListener } from './logged-append.js';
import { LoggedAppend } from './logged-append.js';
import { settleOwn } from './own-object.js';
import { readOwnTail } from './own-tail.js';
import { PutBudget } from './put-budget.js';
import { Retention } from './retention.js';
import { decodeSegment, encodeSegment } from './segment.js';

export interface CommitLogContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly session: Session;
}

/** Payload bytes accepted and not yet durable; beyond, appends are refused. Sixteen full segments. */
export const PENDING_LIMIT_BYTES = 64 * 1024 * 1024;
export const PENDING_LIMIT_APPENDS = 100_000;
/** Payload bytes that no head contains yet. Flushing is forced long before (L4). */
export const UNFLUSHED_LIMIT_BYTES = 1024 * 1024 * 1024;

/**
 * One group commit for all databases of a session, as in Bigtable's tablet servers and WarpStream's files.
 *
 *     append → collected → put as segment n (create) → confirmed → durable with its chain → acknowledged
 *              L1          S4: n ≤ confirmed + 64      P1          S4, L2
 *                          L5: n < floor + 512         hedged      └→ older ones folded into rollups (L5)
 *
 * A put whose outcome is unknown is repeated with the same bytes for as long as the session lives (P1); meanwhile other
 * segments overtake it, up to the window of 64. Another process's seal in the way ends the session (S3): every append
 * that is not yet acknowledged then rejects as unknown (H5), because its segment may have landed.
 */
export class CommitLog {
  private readonly confirmations = new Confirmations();
  private readonly chains = new Chains();
  private readonly retention: Retention;
  private readonly collector: Collector;
  private readonly budget: PutBudget;
  private readonly puts: ObjectStore;
  private readonly keeper: LogKeeper;
  private nextPut: Timer | undefined;
  private lastPutMs = Number.NEGATIVE_INFINITY;
  private putting = 0;
  private idling: (() => void)[] = [];

  constructor(
    private readonly ctx: CommitLogContext,
    private readonly settings: CommitLogSettings = COMMIT_LOG_SETTINGS,
  ) {
    assert(settings.maxInFlight >= 1, 'at least one put at a time');
    this.retention = new Retention(settings.heldBytes);
    this.collector = new Collector(settings);
    this.budget = new PutBudget(ctx.clock, settings.putsPerSecond, settings.burstPuts);
    this.puts = new HedgedStore(ctx.store, ctx.clock, settings.hedgeShare);
    const listener = {
      floorRose: (): void => this.pump(),
      folded: (databases: Iterable<DatabaseId>, through: number): void => {
        for (const databaseId of databases) this.chains.forget(databaseId, through);
      },
    };
    this.keeper = new LogKeeper(ctx, this.retention, this.confirmations, listener, settings.foldAtSegments);
    ctx.session.ended.addEventListener('abort', () => this.end(), { once: true });
  }

  /**
   * Accepts commits of one database and resolves when they are durable (S4): their segment and the chain before it are
   * confirmed. One database's appends resolve in order (L2). The payload must not be changed afterwards.
   *
   * Returning a promise means accepted. What is NOT accepted throws from the call itself, before anything is
   * remembered, and its sequence numbers stay free:
   * @throws LogOverloadedError; LeaseholdError `payload-too-large`; the session's reason once it has ended
   *
   * The promise rejects only with UnknownOutcomeError, when the session ends first (H5).
   */
  append(append: Append): Promise<void> {
    let listener!: AppendListener;
    const durable = new Promise<void>((resolve, reject) => (listener = { durable: () => resolve(), lost: reject }));
    this.appendFor(listener, append);
    return durable;
  }

  /**
   * The same without a promise, which costs more than many a small commit does otherwise.
   * @throws as {@link append}: then it is not told
   */
  appendFor(listener: AppendListener, append: Append): void {
    this.ctx.session.ended.throwIfAborted();
    this.admit(append);
    this.chains.check(append);
    const pending = new LoggedAppend(append, listener);
    this.chains.accept(pending);
    this.collector.add(pending);
    this.pump();
  }

  /**
   * Everything of this database up to the sequence is in a confirmed head, and so is whatever counted of its earlier
   * epochs: the log need not keep it. For a database that was lost, name the epoch of the head that tells so, with
   * sequence 0.
   */
  flushed(databaseId: DatabaseId, epoch: number, throughSequence: number): void {
    const isNeedless = (frame: Pick<Append, 'epoch' | 'lastSequence'>): boolean =>
      frame.epoch < epoch || (frame.epoch === epoch && frame.lastSequence <= throughSequence);
    this.chains.supersede(databaseId, isNeedless);
    this.retention.flushed(databaseId, isNeedless);
    this.forgetNeedless(databaseId);
    this.keeper.wake();
  }

  /**
   * Whoever appended commits of this database keeps their memory no longer ({@link Append.isShared}), though no head contains them: it was
   * lost, or given up in an unclear way. From now on they are held like any others, within the budget and until their fold.
   */
  unshared(databaseId: DatabaseId): void {
    this.chains.unshare(databaseId);
    this.retention.unshare(databaseId);
  }

  /**
   * Databases whose commits no confirmed head contains, the one with the oldest first. To be flushed when the log has too many
   * BYTES (L4): the number of its segments is kept small by rollups (L5), for which no database has to be flushed.
   */
  laggards(): readonly DatabaseId[] {
    return this.retention.laggards;
  }

  /**
   * Databases that have to be flushed soon, whatever their size: bytes of theirs in the log cannot be read back (L3), so that only this
   * process still has their commits. In a segment they stop the floor, and after {@link LOOSE_LIMIT_SEGMENTS} the log; in a rollup they
   * keep one of 16 places. Empty unless the store has damaged something.
   */
  blockers(): readonly DatabaseId[] {
    return this.retention.blockers;
  }

  /** Payload bytes in segments that no confirmed head contains. */
  unflushedBytes(): number {
    return this.retention.unflushedBytes;
  }

  /** Segments from the oldest one on that is needed and in no rollup; at most {@link LOOSE_LIMIT_SEGMENTS} (L5). */
  looseSegments(): number {
    return this.confirmations.nextNumber - this.keeper.floor;
  }

  /** The number that the next segment gets. */
  nextSegment(): number {
    return this.confirmations.nextNumber;
  }

  /** Rollups that stand for older segments (L5). */
  rollups(): number {
    return this.retention.rollups.length;
  }

  /**
   * This session's own durable frames of a database at an epoch (P2), once none of the database is in flight. From the
   * store; the first may begin at or below `afterSequence`.
   * @throws BrokenTailError, CorruptBytesError, MissingSegmentError, StoreUnavailableError; the session's reason once it has ended
   */
  async ownTail(databaseId: DatabaseId, epoch: number, afterSequence: number): Promise<readonly Frame[]> {
    // An append that is acknowledged after the tail was read would be lost to whoever builds on the tail.
    await this.chains.resolved(databaseId);
    const { session, store } = this.ctx;
    session.ended.throwIfAborted();
    return readOwnTail({ store, sessionId: session.id }, this.retention, databaseId, epoch, afterSequence);
  }

  /** Resolves when nothing of this database is in flight: each of its appends is acknowledged or rejected (H4). */
  resolved(databaseId: DatabaseId): Promise<void> {
    return this.chains.resolved(databaseId);
  }

  /** Resolves when nothing is queued and no put is in flight. */
  idle(): Promise<void> {
    if (this.putting === 0 && this.collector.empty) return Promise.resolve();
    return new Promise((resolve) => this.idling.push(resolve));
  }

  private admit({ payload }: Append): void {
    if (payload.byteLength > PAYLOAD_LIMIT_BYTES) {
      throw new LeaseholdError('invalid', 'payload-too-large', `payload of ${payload.byteLength} bytes is too long`);
    }
    if (this.chains.pendingBytes + payload.byteLength > PENDING_LIMIT_BYTES)
      throw new LogOverloadedError('bytes pending');
    if (this.chains.pendingAppends >= PENDING_LIMIT_APPENDS) throw new LogOverloadedError('appends pending');
    if (this.retention.unflushedBytes >= UNFLUSHED_LIMIT_BYTES) throw new LogOverloadedError('bytes unflushed');
  }

  /** Puts whatever need not wait, as far as the windows, the budget and the number of puts allow. */
  private pump(): void {
    while (this.mayPut() && !this.collector.empty) {
      const waitMs = this.collector.full ? 0 : Math.max(this.windowMs, this.budget.waitMs);
      if (waitMs > 0) {
        this.pumpIn(waitMs);
        break;
      }
      // A full segment is worth its put even when there is none to spend: it cannot become cheaper per byte.
      this.budget.take();
      this.lastPutMs = this.ctx.clock.monotonic();
      void this.put(this.collector.take());
    }
    if (this.putting > 0 || !this.collector.empty) return;
    const idling = this.idling;
    this.idling = [];
    for (const resolve of idling) resolve();
  }

  /** What is left of the window: while puts are in flight, a segment collects for so long after the one before it (L1). */
  private get windowMs(): number {
    if (this.putting === 0) return 0;
    return Math.max(0, this.lastPutMs + this.settings.commitWindowMs - this.ctx.clock.monotonic());
  }

  private mayPut(): boolean {
    const { session } = this.ctx;
    if (session.ended.aborted || this.putting >= this.settings.maxInFlight) return false;
    return this.confirmations.mayIssue() && this.confirmations.nextNumber - session.floor < LOOSE_LIMIT_SEGMENTS;
  }

  private pumpIn(waitMs: number): void {
    this.nextPut ??= this.ctx.clock.schedule(waitMs, () => {
      this.nextPut = undefined;
      this.pump();
    });
  }

  private async put({ appends }: Batch): Promise<void> {
    const { random, session } = this.ctx;
    this.putting++;
    const name = { sessionId: session.id, number: this.confirmations.issue() };
    try {
      const frames = appends.map((append) => this.frameOf(append, name.number));
      const body = encodeSegment(name, drawNonce(random), frames);
      this.retention.hold(appends);
      const key = bucketLayout.segment(name.sessionId, name.number);
      const created = await settleOwn({ ...this.ctx, store: this.puts }, key, body);
      if (created.outcome === 'done') this.confirm(name.number, appends);
      else session.fail(this.obstacle(name.number, created.object));
    } catch (error) {
      // Has ended already, or this is a bug: then nothing is acknowledged any more.
      session.fail(error as Error);
    } finally {
      this.putting--;
      this.pump();
    }
  }

  private frameOf(append: LoggedAppend, segment: number): Frame {
    append.previousSegment = this.chains.place(append, segment);
    this.retention.add(append);
    return append;
  }

  private confirm(number: number, appends: readonly LoggedAppend[]): void {
    this.confirmations.confirm(number);
    // Also the appends of later segments, which waited for this one in their chain.
    for (const databaseId of new Set(appends.map((append) => append.databaseId))) {
      this.chains.settle(databaseId, (segment) => this.confirmations.has(segment));
      this.forgetNeedless(databaseId);
    }
    this.keeper.wake();
  }

  /** Everything of the database is in a head: its next frame begins a chain of its own. */
  private forgetNeedless(databaseId: DatabaseId): void {
    if (!this.retention.needs(databaseId)) this.chains.forget(databaseId, Number.MAX_SAFE_INTEGER);
  }

  /** Why a number of this log holds other bytes than were put there. */
  private obstacle(number: number, object: StoredObject): Error {
    const sessionId = this.ctx.session.id;
    try {
      const { kind } = decodeSegment({ sessionId, number }, object.body);
      if (kind === 'seal') return new SessionLostError(sessionId, `a seal is in its log at ${number}`);
    } catch (error) {
      if (!isLeaseholdError(error, 'corrupt')) throw error;
    }
    return new LeaseholdError(
      'corrupt',
      'log-conflict',
      `log segment ${number} holds bytes of somebody else: ${sessionId}`,
    );
  }

  private end(): void {
    const cause: unknown = this.ctx.session.ended.reason;
    this.nextPut?.cancel();
    this.collector.clear();
    this.chains.rejectAll(() => new UnknownOutcomeError('session ended before the commit was durable', { cause }));
    this.pump();
  }
}
