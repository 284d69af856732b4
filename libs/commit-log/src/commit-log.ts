import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, DatabaseId, Random, Timer } from '@leasehold/foundation';
import { assert, isLeaseholdError, LeaseholdError } from '@leasehold/foundation';
import type { Session } from '@leasehold/lease';
import { SessionLostError } from '@leasehold/lease';
import type { CreateOutcome, ObjectStore, StoredObject } from '@leasehold/object-store';
import { drawNonce, settleCreate, UnknownOutcomeError } from '@leasehold/object-store';

import { forEachBounded } from './bounded.js';
import { Chains } from './chains.js';
import type { Batch } from './collector.js';
import { Collector } from './collector.js';
import { Confirmations } from './confirmations.js';
import type { NumberedSegment } from './database-tail.js';
import { databaseTail } from './database-tail.js';
import type { Append, Frame } from './frame.js';
import { LogOverloadedError } from './log-errors.js';
import type { PendingAppend } from './pending-append.js';
import { Retention } from './retention.js';
import { decodeSegment, encodeSegment, PAYLOAD_LIMIT_BYTES } from './segment.js';
import { readSegment } from './segment-reader.js';
import { Trimmer } from './trimmer.js';

export interface CommitLogContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly session: Session;
}

export interface CommitLogSettings {
  /** How long a segment collects while puts are in flight (L1). */
  readonly commitWindowMs: number;
  /** A segment that would grow beyond it goes out at once (L1). */
  readonly maxSegmentBytes: number;
  /** Puts at the same time; at most {@link WINDOW_SEGMENTS} ever are. */
  readonly maxInFlight: number;
}

export const COMMIT_LOG_SETTINGS: CommitLogSettings = {
  commitWindowMs: 5,
  maxSegmentBytes: 4 * 1024 * 1024,
  // At the 140 puts a second of mode `fast`, a put at the 99.9th percentile of S3 (274 ms) has 38 others beside it.
  maxInFlight: 40,
};

/** Payload bytes accepted and not yet durable; beyond, appends are refused. Sixteen full segments. */
export const PENDING_LIMIT_BYTES = 64 * 1024 * 1024;
export const PENDING_LIMIT_APPENDS = 100_000;
/** Payload bytes that no head contains yet. Flushing is forced long before (L4). */
export const UNFLUSHED_LIMIT_BYTES = 1024 * 1024 * 1024;
/** Segments that recovery would have to read. Flushing is forced long before (L5). */
export const LOOSE_LIMIT_SEGMENTS = 16_384;

/** Between two settlements of the same put; each of them repeats it for half a minute. */
const SETTLE_AGAIN_MS = 1_000;
const CONCURRENT_READS = 16;

/**
 * One group commit for all databases of a session, as in Bigtable's tablet servers and WarpStream's files.
 *
 *     append → collected → put as segment n (create) → confirmed → durable with its chain → acknowledged
 *              L1          S4: n ≤ confirmed + 64      P1          S4, L2
 *
 * A put whose outcome is unknown is repeated with the same bytes for as long as the session lives (P1); meanwhile other
 * segments overtake it, up to the window of 64. Another process's seal in the way ends the session (S3): every append
 * that is not yet acknowledged then rejects as unknown (H5), because its segment may have landed.
 */
export class CommitLog {
  private readonly confirmations = new Confirmations();
  private readonly chains = new Chains();
  private readonly retention = new Retention();
  private readonly collector: Collector;
  private readonly trimmer: Trimmer;
  private window: Timer | undefined;
  private puts = 0;
  private idling: (() => void)[] = [];

  constructor(
    private readonly ctx: CommitLogContext,
    private readonly settings: CommitLogSettings = COMMIT_LOG_SETTINGS,
  ) {
    assert(settings.maxInFlight >= 1, 'at least one put at a time');
    this.collector = new Collector(settings.maxSegmentBytes);
    this.trimmer = new Trimmer(
      ctx.store,
      ctx.session,
      () => this.floor(),
      (segment) => this.forget(segment),
    );
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
    this.ctx.session.ended.throwIfAborted();
    this.admit(append);
    this.chains.check(append);
    return new Promise((resolve, reject) => {
      const pending: PendingAppend = { ...append, resolve, reject, segment: undefined, needless: false };
      this.chains.accept(pending);
      const opened = this.collector.add(pending);
      this.pump();
      if (opened && !this.collector.empty) this.openWindow();
    });
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
    this.trimmer.wake();
  }

  /** Databases whose unflushed commits hold back the floor, the one with the oldest first. */
  laggards(): readonly DatabaseId[] {
    return this.retention.laggards;
  }

  /** Payload bytes in segments that no confirmed head contains. */
  unflushedBytes(): number {
    return this.retention.unflushedBytes;
  }

  /** Segments from the oldest needed one on: what a recovery would read. */
  looseSegments(): number {
    return this.confirmations.nextNumber - this.floor();
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
    const segments: NumberedSegment[] = [];
    const numbers = this.retention.segmentsOf(databaseId, epoch, afterSequence);
    await forEachBounded(numbers, CONCURRENT_READS, async (number) => {
      segments.push({ ...(await readSegment(store, { sessionId: session.id, number })), number });
    });
    // Nothing is in flight, so every predecessor is confirmed, as if all of them lay below the floor.
    return databaseTail(segments, { databaseId, epoch, afterSequence, floor: Number.MAX_SAFE_INTEGER });
  }

  /** Resolves when nothing of this database is in flight: each of its appends is acknowledged or rejected (H4). */
  resolved(databaseId: DatabaseId): Promise<void> {
    return this.chains.resolved(databaseId);
  }

  /** Resolves when nothing is queued and no put is in flight. */
  idle(): Promise<void> {
    if (this.puts === 0 && this.collector.empty) return Promise.resolve();
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
    if (this.looseSegments() >= LOOSE_LIMIT_SEGMENTS) throw new LogOverloadedError('segments unflushed');
  }

  private openWindow(): void {
    this.window?.cancel();
    this.window = this.ctx.clock.schedule(this.settings.commitWindowMs, () => {
      this.collector.endWindow();
      this.pump();
    });
  }

  /** Puts whatever need not wait, as far as the window of S4 and the number of puts allow. */
  private pump(): void {
    while (!this.ctx.session.ended.aborted && this.puts < this.settings.maxInFlight && this.confirmations.mayIssue()) {
      const batch = this.collector.take(this.puts === 0);
      if (batch === undefined) break;
      void this.put(batch);
    }
    if (this.puts > 0 || !this.collector.empty) return;
    const idling = this.idling;
    this.idling = [];
    for (const resolve of idling) resolve();
  }

  private async put({ appends }: Batch): Promise<void> {
    const { random, session } = this.ctx;
    this.puts++;
    const name = { sessionId: session.id, number: this.confirmations.issue() };
    const frames = appends.map((append) => this.frameOf(append, name.number));
    const body = encodeSegment(name, drawNonce(random), frames);
    try {
      const created = await this.settle(bucketLayout.segment(name.sessionId, name.number), body);
      if (created.outcome === 'done') this.confirm(name.number, appends);
      else session.fail(this.obstacle(name.number, created.object));
    } catch (error) {
      // Has ended already, or this is a bug: then nothing is acknowledged any more.
      session.fail(error as Error);
    } finally {
      this.puts--;
      this.pump();
    }
  }

  /**
   * The same bytes until the outcome is clear, for as long as the session lives (P1): nobody deletes the segment of a
   * live session, so creating it again cannot bring back anything.
   */
  private async settle(key: string, body: Uint8Array): Promise<CreateOutcome> {
    const { store, clock, random, session } = this.ctx;
    for (;;) {
      try {
        return await settleCreate({ store, clock, random, signal: session.ended }, key, body);
      } catch (error) {
        session.ended.throwIfAborted();
        if (!isLeaseholdError(error, 'unknown')) throw error;
        await clock.sleep(SETTLE_AGAIN_MS, session.ended);
      }
    }
  }

  private frameOf(append: PendingAppend, segment: number): Frame {
    const { databaseId, epoch, firstSequence, lastSequence, payload } = append;
    const previousSegment = this.chains.place(append, segment);
    this.retention.add(segment, append);
    return { databaseId, epoch, previousSegment, firstSequence, lastSequence, payload };
  }

  private confirm(number: number, appends: readonly PendingAppend[]): void {
    this.confirmations.confirm(number);
    // Also the appends of later segments, which waited for this one in their chain.
    for (const databaseId of new Set(appends.map((append) => append.databaseId))) {
      this.chains.settle(databaseId, (segment) => this.confirmations.has(segment));
    }
    this.trimmer.wake();
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
    this.window?.cancel();
    this.collector.clear();
    this.chains.rejectAll(() => new UnknownOutcomeError('session ended before the commit was durable', { cause }));
    this.pump();
  }

  private floor(): number {
    return this.retention.floor((segment) => this.confirmations.has(segment));
  }

  private forget(segment: number): void {
    for (const databaseId of this.retention.trim(segment)) this.chains.forget(databaseId, segment);
  }
}
