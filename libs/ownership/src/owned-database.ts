import type { DatabaseId, Phases, SessionId, Version } from '@leasehold/foundation';
import type { DatabaseOptions, Entry, Head, Lookup, ScanOptions, ScanPage, StoredHead } from '@leasehold/engine';
import { readChanges } from '@leasehold/engine';

import type { HandleContext } from './context.js';
import { Contents } from './contents.js';
import type { DurabilityListener } from './durable-mark.js';
import { DurableMark } from './durable-mark.js';
import { BackpressureError, FutureVersionError, HandleClosedError } from './errors.js';
import { HeldHead } from './held-head.js';
import { inPhase } from './in-phase.js';
import type { Changes, ChangesRequest } from './reads/change-feed.js';
import { changesOf, changesOptions, MAX_FEED_WAIT_MS } from './reads/change-feed.js';
import { Followers, MAX_FOLLOWERS } from './reads/followers.js';
import type { PointInTime } from './reads/point-in-time.js';
import type { Snapshot, SnapshotRead } from './reads/snapshot-read.js';
import { readSnapshot } from './reads/snapshot-read.js';
import type { PlainWrite, Transaction, TransactionOutcome } from './transaction/transaction.js';
import { Transactor } from './transaction/transactor.js';
import { Unflushed } from './unflushed.js';
import { Users } from './users.js';
import { WriteTally } from './write-tally.js';

/** What the owner knows of the database; `head` is what the bucket holds, `version` the last durable commit. */
export interface OwnedState {
  readonly head: Head;
  readonly version: Version;
  readonly memtableBytes: number;
}

/** Who waits for an answer, and for how long. */
export interface Waiting {
  /** Ends the waiting, not the work. */
  readonly signal: AbortSignal;
  /** Told where the time of the one who waits goes. */
  readonly phases?: Phases;
}

/** A database that is read without {@link OwnedDatabase.get} goes through it so often, to keep its place among those in use. */
const LOOK_IN_MS = 1_000;

/**
 * A database that this session owns at one epoch: what a confirmed claim gives the right to.
 *
 * Reads see accepted commits, and wait until those they saw are durable (R2). A signal ends the waiting of one caller, not
 * the work.
 *
 * Once given up or fenced, every call throws HandleClosedError and nothing more is served at this epoch (H4).
 */
export class OwnedDatabase {
  readonly id: DatabaseId;
  readonly epoch: number;
  /** Wall ms of this handle: when the claim was confirmed. For people; nothing is decided by it. */
  readonly ownedSince: number;
  private readonly held: HeldHead;
  private readonly unflushed: Unflushed;
  private readonly durable: DurableMark;
  private readonly tally: WriteTally | undefined;
  private readonly contents: Contents;
  private readonly users = new Users();
  /** Both are made when they are needed first: most databases of a worker are idle. */
  private transactor: Transactor | undefined;
  private followers: Followers | undefined;
  private closedBecause: string | undefined;
  private ending: Promise<void> | undefined;
  private usedAt: number;
  /** Wall ms of the same. */
  private lookedInAt = 0;

  constructor(
    private readonly ctx: HandleContext,
    stored: StoredHead,
  ) {
    const { databaseId, epoch, lastCommit } = stored.head;
    this.id = databaseId;
    this.epoch = epoch;
    this.ownedSince = ctx.clock.now();
    this.held = new HeldHead(ctx, stored);
    const { events } = ctx;
    if (events.wrote) {
      this.tally = new WriteTally(stored.head.usage.total, (...writes) => events.wrote?.(databaseId, ...writes));
    }
    this.durable = new DurableMark(lastCommit.sequence, this.tally);
    this.unflushed = new Unflushed(ctx, this.held, this.durable);
    this.contents = new Contents(ctx, this.held, this.unflushed, this.durable);
    this.usedAt = ctx.clock.monotonic();
  }

  get head(): Head {
    return this.held.head;
  }

  /** As somebody has decided about it; see {@link HeldHead.want}. */
  want(options: DatabaseOptions): void {
    if (!this.isOver) this.held.want(options);
  }

  /** Monotonic ms of the last request; a database in use counts as used now. */
  get lastUsedAt(): number {
    return this.users.present > 0 ? this.ctx.clock.monotonic() : this.usedAt;
  }

  get unflushedBytes(): number {
    return this.unflushed.sizeBytes;
  }

  /** Of the last commit that has its number, durable or not. */
  get acceptedSequence(): number {
    return this.contents.last().version.sequence;
  }

  /** Of the last commit that is known to be durable. */
  get durableSequence(): number {
    return this.durable.durableSequence;
  }

  /** What it takes of memory, about: the head as it is kept, and what no head contains. */
  get sizeBytes(): number {
    return this.held.sizeBytes + this.unflushed.sizeBytes;
  }

  /** Nobody is about to use it: keeps as little as it can. */
  rest(): void {
    if (this.users.present > 0) return;
    this.held.rest();
    this.contents.changed();
    // Nobody is in a turn, and nobody follows who would not be woken by his clock.
    this.transactor = undefined;
    if (this.followers?.count === 0) this.followers = undefined;
  }

  /** True when a memtable is full, or was left behind by a flush that failed. */
  get wantsFlush(): boolean {
    return this.unflushed.wantsFlush;
  }

  /** Applies all of it or nothing; resolves when it is durable. @throws as `Transactor.transact` */
  transact(tx: Transaction, { signal, phases }: Waiting): Promise<TransactionOutcome> {
    const work = (): Promise<TransactionOutcome> =>
      (this.transactor ??= this.newTransactor()).transact(tx, signal, phases);
    return this.during(() => inPhase(phases, 'put', work));
  }

  /**
   * Accepts one put or delete where that can be done at once, and tells the listener when it is durable; until then the caller is in here, and
   * then tells of its end by {@link leave}, once, also when it waits no longer. Undefined: there is something to wait for, this handle is over,
   * or the write may have been applied already; nothing was done.
   * @throws LeaseholdError as {@link transact}: nothing was applied, and nobody is to leave
   */
  writeNow(write: PlainWrite, listener: DurabilityListener): Version | undefined {
    if (this.isOver) return undefined;
    const version = (this.transactor ??= this.newTransactor()).acceptNow(write);
    if (version === undefined) return undefined;
    this.lookIn();
    this.users.enter();
    this.durable.tell(version.sequence, listener);
    return version;
  }

  /** The end of a {@link writeNow}. */
  leave(): void {
    this.users.leave();
  }

  /**
   * What is known of a key without waiting for anything; undefined when there is something to wait for: files, durability, or that this
   * handle is over. Then ask {@link get}.
   */
  lookupNow(key: Uint8Array): Lookup | undefined {
    if (this.closedBecause !== undefined || this.held.isFenced) return undefined;
    const now = this.ctx.clock.now();
    // Also when the clock was set back.
    if (Math.abs(now - this.lookedInAt) > LOOK_IN_MS) return undefined;
    const found = this.contents.lookup(key, now);
    if (found instanceof Promise) {
      found.catch(() => undefined);
      return undefined;
    }
    return found.version === undefined || this.contents.isDurable(found.version) ? found : undefined;
  }

  /** The live entry of a key, durable; undefined when the key does not exist. */
  get(key: Uint8Array, { signal, phases }: Waiting): Promise<Entry | undefined> {
    return this.during(() =>
      inPhase(phases, 'read', async () => {
        const found = await this.contents.viewing(async (view) => view.lookup(key), signal);
        phases?.enter('put');
        if (found.version) await this.contents.shown(found.version, signal);
        return found.entry;
      }),
    );
  }

  /** A page of live entries of one moment, durable; by default of the present. @throws FutureVersionError, HistoryGoneError */
  scan(options: ScanOptions, { signal, phases }: Waiting, at?: PointInTime): Promise<ScanPage> {
    return this.during(() =>
      inPhase(phases, 'read', async () => {
        const { page, version } = await this.contents.viewing(
          async (view) => ({ page: await view.scan(options), version: view.version }),
          signal,
          at,
        );
        phases?.enter('put');
        await this.contents.shown(version, signal);
        return page;
      }),
    );
  }

  /** Many reads of one moment, durable. @throws FutureVersionError, HistoryGoneError, LeaseholdError answer-too-large */
  readMany(request: SnapshotRead, { signal, phases }: Waiting): Promise<Snapshot> {
    return this.during(() =>
      inPhase(phases, 'read', async () => {
        const snapshot = await this.contents.viewing((view) => readSnapshot(view, request), signal, request.at);
        phases?.enter('put');
        await this.contents.shown(snapshot.version, signal);
        return snapshot;
      }),
    );
  }

  /**
   * What was committed after a sequence, durable. Where there is nothing yet it waits as the request says, without being in the way of
   * a release: a database that is given up meanwhile answers that there was nothing.
   * @throws FutureVersionError, HistoryGoneError
   */
  async changes(request: ChangesRequest, { signal, phases }: Waiting): Promise<Changes> {
    const { clock } = this.ctx;
    const endsAt = clock.monotonic() + Math.min(request.waitMs ?? 0, MAX_FEED_WAIT_MS);
    for (let since = request.since; ;) {
      const now = { ...request, since };
      const changes = await inPhase(phases, 'read', () => this.during(() => this.changesNow(now, signal)));
      if (changes.commits.length > 0) return changes;
      const isFurther = changes.through > since;
      since = changes.through;
      const leftMs = endsAt - clock.monotonic();
      const isBehind = isFurther && since < this.contents.last().version.sequence;
      if (leftMs <= 0 || signal.aborted) return changes;
      // Commits that did nothing to the range were passed over; what has come meanwhile may do something.
      if (!isBehind) await inPhase(phases, 'wait', () => this.nextCommit(leftMs, signal));
      if (signal.aborted || this.closedBecause !== undefined || this.held.isFenced) return changes;
    }
  }

  state({ signal, phases }: Waiting): Promise<OwnedState> {
    return this.during(() =>
      inPhase(phases, 'put', async () => {
        const { version } = this.contents.last();
        const state = { head: this.held.head, version, memtableBytes: this.unflushedBytes };
        await this.contents.shown(version, signal);
        return state;
      }),
    );
  }

  /** Brings what has been accepted until now into the head. Resolves when that head is confirmed. */
  flush(): Promise<void> {
    return this.unflushed.flush(this.held.owner);
  }

  /** H4: takes nothing more, resolves what is in flight, flushes, and gives the database up in the same CAS. */
  release(): Promise<void> {
    return this.finish('the database was released', undefined);
  }

  /** The end of a drain (S6): the head keeps naming this session, whose clean record tells that nothing is left. */
  close(): Promise<void> {
    return this.finish('the worker is shutting down', this.held.owner);
  }

  /** Resolves when whatever closed the handle is over. */
  async gone(): Promise<void> {
    await this.ending?.catch(() => undefined);
  }

  private finish(reason: string, owner: SessionId | undefined): Promise<void> {
    this.closedBecause ??= reason;
    this.followers?.wake();
    this.ending ??= this.users.gone().then(() => this.unflushed.flush(owner));
    return this.ending;
  }

  private during<T>(operation: () => Promise<T>): Promise<T> {
    if (this.closedBecause !== undefined) return Promise.reject(new HandleClosedError(this.closedBecause));
    if (this.held.isFenced) return Promise.reject(new HandleClosedError('the database was taken over'));
    this.lookIn();
    return this.users.during(operation);
  }

  private lookIn(): void {
    const { clock } = this.ctx;
    this.usedAt = clock.monotonic();
    this.lookedInAt = clock.now();
  }

  private get isOver(): boolean {
    return this.closedBecause !== undefined || this.held.isFenced;
  }

  private newTransactor(): Transactor {
    return new Transactor({
      ctx: this.ctx,
      id: this.id,
      epoch: this.epoch,
      held: this.held,
      unflushed: this.unflushed,
      durable: this.durable,
      tally: this.tally,
      contents: this.contents,
      users: this.users,
      onAccepted: () => this.followers?.wake(),
    });
  }

  private async changesNow(request: ChangesRequest, signal: AbortSignal): Promise<Changes> {
    if (request.since > this.contents.last().version.sequence) throw new FutureVersionError(request.since);
    const page = await this.contents.reading(() => readChanges(this.contents.parts(), changesOptions(request)), signal);
    const changes = changesOf(page, this.contents.last().version);
    await this.contents.shown({ sequence: changes.through }, signal);
    return changes;
  }

  private nextCommit(waitMs: number, signal: AbortSignal): Promise<void> {
    this.followers ??= new Followers();
    if (this.followers.count >= MAX_FOLLOWERS) throw new BackpressureError('feeds of the database');
    return this.followers.next(this.ctx.clock, waitMs, signal);
  }
}
