import type { DatabaseId, SessionId, Version } from '@leasehold/foundation';
import { forEachBounded, isLeaseholdError, Phases, VERSION_ZERO } from '@leasehold/foundation';
import type { DatabaseIdentity, Head, StoredHead } from '@leasehold/engine';
import { UnknownOutcomeError } from '@leasehold/object-store';

import type { AccessOptions } from './access-options.js';
import { claimDatabase, HeadInHand } from './claim.js';
import type { HandleContext, OwnershipContext } from './context.js';
import { DirtyDatabases } from './dirty-databases.js';
import { Drain } from './drain.js';
import type { DurabilityListener } from './durable-mark.js';
import {
  BackpressureError,
  HandleClosedError,
  MisdirectedError,
  OwnerUnavailableError,
  UnsettledDrainError,
} from './errors.js';
import type { Carriage, FirstCommit } from './first-commit.js';
import { CarriedCommit } from './first-commit.js';
import { assertSameTenant } from './identity.js';
import { inPhase } from './in-phase.js';
import { Lanes } from './lanes.js';
import type { Aside } from './lanes.js';
import { OpenDatabases } from './open-databases.js';
import type { Opening, OpeningOptions } from './opening.js';
import { sharing } from './opening.js';
import { OwnedDatabase } from './owned-database.js';
import { Followers, MAX_FOLLOWERS } from './reads/followers.js';
import { Recovery } from './recovery.js';
import { tracedContext } from './traced-context.js';
import type { PlainWrite } from './transaction/transaction.js';
import { unlessAborted } from './unless-aborted.js';

/** A handle may be given up between look-up and use; more often than this in a row means that something flaps. */
const MAX_REOPENS = 8;

/** Past so many times the databases that are meant to be open, none is opened until maintenance has given some up. */
const OPEN_OVERSHOOT = 2;

/**
 * Claims under way at a time. A claim is a GET and a PUT in sequence, about 60 ms on S3: so many are 4,000 a second, which is also what
 * this process has the CPU for; ten thousand databases of a dead worker are here within seconds.
 */
const CONCURRENT_CLAIMS = 256;

/** Head edits of a drain at a time: half of the store's sockets, some 2,000 databases a second. */
const CONCURRENT_CLOSES = 128;

type Acquired<T> = { readonly answer: T } | { readonly database: OwnedDatabase };

/** What the caller has already that a claim can use. */
export interface ForTheClaim<T> {
  /**
   * The same work as a commit that the claim can carry. It is asked for when the database is not open and this caller is the first
   * who wants it; when it was carried, its answer is the result and the operation is not run.
   */
  readonly first?: FirstCommit<T>;
  /** The head as the caller read it; see {@link HeadInHand}. */
  readonly known?: StoredHead;
}

/**
 * The databases that this session owns, and how it comes to own more and fewer of them.
 *
 * Everything that touches an owned database goes through {@link use}, which claims it first where needed. A database has one
 * claim under way, or one handle, or neither: two handles of one database could each acknowledge writes that the other never sees. Those who
 * come while a claim is under way share it, which is safe because a confirmed claim, unlike a GET, is a right that holds when
 * they use it.
 */
export class Databases {
  private readonly openings = new Map<DatabaseId, Opening>();
  private readonly opened: OpenDatabases;
  private readonly dirtyOnes = new DirtyDatabases();
  private readonly unclear = new Set<DatabaseId>();
  /** Feeds of databases that do not exist yet. */
  private readonly awaited = new Map<DatabaseId, Followers>();
  private readonly claims = new Lanes(CONCURRENT_CLAIMS);
  private readonly handles: HandleContext;
  private readonly recovery: Recovery;
  private readonly draining = new Drain();

  constructor(private readonly ctx: OwnershipContext) {
    this.opened = new OpenDatabases(ctx.clock, ctx.settings);
    this.handles = { ...ctx, dirty: this.dirtyOnes, flushed: (databaseId) => this.opened.flushed(databaseId) };
    this.recovery = new Recovery(ctx);
  }

  /** Claims under way included. */
  get openCount(): number {
    return this.opened.count + this.openings.size;
  }

  /** Memory of the open ones, about, without their unflushed commits. */
  get openBytes(): number {
    return this.opened.sizeBytes;
  }

  get dirty(): DirtyDatabases {
    return this.dirtyOnes;
  }

  /** Not open, though the log still holds commits of them: giving them up had an unclear end. {@link settle} takes them away. */
  get unsettled(): Iterable<DatabaseId> {
    return this.unclear;
  }

  /** True when this session owns the database now, so that an answer needs no look at the bucket. */
  isOpen(databaseId: DatabaseId): boolean {
    return this.opened.get(databaseId) !== undefined;
  }

  get(databaseId: DatabaseId): OwnedDatabase | undefined {
    return this.opened.get(databaseId);
  }

  open(): readonly OwnedDatabase[] {
    return this.opened.all();
  }

  /**
   * Resolves when the database is opened here, after `waitMs`, when the signal aborts or the drain begins: whoever waits looks what it was.
   * @throws BackpressureError too many wait for this one
   */
  async untilOpen(databaseId: DatabaseId, waitMs: number, signal: AbortSignal): Promise<void> {
    this.draining.throwIfBegun();
    const waiting = this.awaited.get(databaseId) ?? new Followers();
    if (waiting.count >= MAX_FOLLOWERS) throw new BackpressureError('feeds of the database');
    this.awaited.set(databaseId, waiting);
    await waiting.next(this.ctx.clock, waitMs, signal);
    if (waiting.count === 0) this.awaited.delete(databaseId);
  }

  /** Those to be given up, the longest unused first: idle for too long, or beyond a budget. */
  surplus(): Iterable<OwnedDatabase> {
    return this.opened.surplus();
  }

  /** Makes databases that are not used smaller. Done bit by bit: to be called about once a second. */
  rest(): void {
    this.opened.rest();
  }

  /**
   * Runs an operation on the database, as its owner. The operation may be run again after HandleClosedError, which tells
   * that it has done nothing.
   *
   * @throws MisdirectedError a live session owns it, and the caller did not ask to wait for that one
   * @throws DrainingError, OwnerUnavailableError, BackpressureError nothing was applied
   * @throws UnknownOutcomeError whether the claim that carried `first` was applied, or came in time, is not known
   */
  async use<T>(
    identity: DatabaseIdentity,
    options: AccessOptions,
    operation: (database: OwnedDatabase) => Promise<T>,
    { first, known }: ForTheClaim<T> = {},
  ): Promise<T> {
    const inHand = new HeadInHand(known);
    for (let reopened = 0; reopened < MAX_REOPENS; reopened++) {
      const acquired = await this.acquire(identity, options, inHand, first);
      if ('answer' in acquired) return acquired.answer;
      const { database } = acquired;
      try {
        return await operation(database);
      } catch (error) {
        if (!(error instanceof HandleClosedError)) throw error;
        await inPhase(options.phases, 'lease', () => this.inTime(database.gone(), options));
        this.forget(database);
      } finally {
        this.opened.used(database);
      }
    }
    throw new OwnerUnavailableError('the database changed hands too often');
  }

  /**
   * Accepts one put or delete of a database that {@link get} has given, where that can be done at once. Until the listener is told the
   * caller is a user of the database, and then tells of its end by {@link leave}, once, also when it waits no longer.
   * Undefined: there is something to wait for, or it may have been applied already; nothing was done, and nobody is to leave.
   * @throws LeaseholdError as {@link use}: nothing was applied
   */
  writeNow(database: OwnedDatabase, write: PlainWrite, listener: DurabilityListener): Version | undefined {
    this.draining.throwIfBegun();
    this.ctx.session.assertServing();
    return database.writeNow(write, listener);
  }

  leave(database: OwnedDatabase): void {
    database.leave();
    this.opened.used(database);
  }

  /**
   * For a database that the log still holds commits of and that is not open, because giving it up had an unclear end:
   * learns from its head how it ended, and takes it up again where it still names this session (P2).
   */
  async settle(databaseId: DatabaseId): Promise<void> {
    if (this.isOpen(databaseId)) return;
    const stored = await this.ctx.heads.load(databaseId);
    // Somebody may have opened it meanwhile, which does the same.
    if (this.isOpen(databaseId)) return;
    if (stored === undefined) {
      // It is gone, with all that could be asked of it.
      this.settled(databaseId, { epoch: Number.MAX_SAFE_INTEGER, lastCommit: VERSION_ZERO });
    } else if (stored.head.quarantined) {
      // The log keeps what it has of it; until somebody has looked there is nothing to do.
      this.unclear.delete(databaseId);
    } else if (stored.head.owner === this.ctx.session.id) {
      const begun = this.openings.get(databaseId);
      const opening = begun ?? this.startOpening(stored.head, { purpose: 'settle', inHand: new HeadInHand(stored) });
      await opening.database;
    } else {
      this.settled(databaseId, stored.head);
    }
  }

  /** Gives the database up: everything in its head, owner none. */
  async release(database: OwnedDatabase): Promise<void> {
    try {
      await database.release();
      this.ctx.events.released(database.id);
    } finally {
      this.forget(database);
    }
  }

  /**
   * Takes no more work, waits for what is under way and brings everything accepted into the heads (S6). When it resolves,
   * no head edit is on its way that matters and the log holds nothing that a head does not contain: the record may be
   * sealed as clean. Maintenance must have stopped.
   * @throws UnsettledDrainError otherwise
   */
  async drain(): Promise<void> {
    this.draining.begin();
    for (const waiting of this.awaited.values()) waiting.wake();
    await Promise.allSettled(Array.from(this.openings.values(), ({ database }) => database));
    let failure: unknown;
    const attempt = async (what: string, databaseId: DatabaseId, work: Promise<void>): Promise<void> => {
      await work.catch((error: unknown) => {
        failure ??= error;
        this.ctx.events.failed(what, databaseId, error);
      });
    };
    await forEachBounded(this.open(), CONCURRENT_CLOSES, async (database) => {
      await attempt('close', database.id, database.close());
      this.forget(database);
    });
    const { log } = this.ctx;
    await log.idle();
    // A release or flush of unknown outcome leaves commits in the log and no slot behind. One try more for each.
    await forEachBounded(log.laggards(), CONCURRENT_CLOSES, (id) => attempt('settle', id, this.settle(id)));
    const unsettled = log.laggards().length;
    if (unsettled > 0) throw new UnsettledDrainError(unsettled, failure);
  }

  private async acquire<T>(
    identity: DatabaseIdentity,
    options: AccessOptions,
    inHand: HeadInHand,
    first: FirstCommit<T> | undefined,
  ): Promise<Acquired<T>> {
    const { phases, traceparent } = options;
    for (let waits = 0; ; waits++) {
      this.draining.throwIfBegun();
      this.ctx.session.assertServing();
      try {
        const open = this.opened.get(identity.databaseId);
        const opening = this.openings.get(identity.databaseId);
        if (first !== undefined && open === undefined && opening === undefined) {
          const carried = new CarriedCommit(first);
          // Who begins it also does its first steps.
          phases?.enter('open');
          const begun = this.startOpening(identity, { purpose: 'use', inHand, first: carried, traceparent });
          const end = await sharing(phases, begun, this.carriedInTime(carried, options));
          return end.carried ? { answer: end.answer } : { database: await sharing(phases, begun, begun.database) };
        }
        const database = open ?? (await this.joined(identity, options, opening, inHand));
        assertSameTenant(database.head, identity);
        if (identity.options !== undefined) database.want(identity.options);
        return { database };
      } catch (error) {
        const waitsForIt = waits === 0 && error instanceof MisdirectedError && error.owner === options.waitForOwner;
        if (!waitsForIt) throw error;
        await inPhase(phases, 'lease', () => this.untilNotLive(error.owner, options));
      }
    }
  }

  /** The opening under way, or one that begins here. */
  private joined(
    identity: DatabaseIdentity,
    options: AccessOptions,
    opening: Opening | undefined,
    inHand: HeadInHand,
  ): Promise<OwnedDatabase> {
    const { phases, traceparent } = options;
    if (opening === undefined) phases?.enter('open');
    const joined = opening ?? this.startOpening(identity, { purpose: 'use', inHand, traceparent });
    return sharing(phases, joined, this.inTime(joined.database, options));
  }

  /** As {@link inTime}, but what was sent in the caller's name is not taken back: then only the store knows. */
  private async carriedInTime<T>(carried: CarriedCommit<T>, options: AccessOptions): Promise<Carriage<T>> {
    try {
      return await this.inTime(carried.ended, options);
    } catch (error) {
      if (carried.isOver) return carried.ended;
      if (carried.withdraw()) throw error;
      return unlessAborted(carried.ended, [options.signal], (reason) => {
        return new UnknownOutcomeError('the claim that carried the commit had no answer in time', { cause: reason });
      });
    }
  }

  private async untilNotLive(owner: SessionId, options: AccessOptions): Promise<void> {
    const enough = new AbortController();
    try {
      await this.inTime(this.ctx.watch.untilNotLive(owner, enough.signal), options);
    } finally {
      enough.abort();
    }
  }

  /** Until the caller has no more time or the drain begins. So far nothing was done in the caller's name. */
  private inTime<T>(promise: Promise<T>, { signal }: AccessOptions): Promise<T> {
    return unlessAborted(this.draining.unlessBegun(promise), [signal], (reason) => {
      return new OwnerUnavailableError('no owner was had in time', reason);
    });
  }

  private startOpening(identity: DatabaseIdentity, options: OpeningOptions): Opening {
    const { databaseId } = identity;
    const { purpose, first } = options;
    if (this.openCount >= OPEN_OVERSHOOT * this.ctx.settings.maxOpenDatabases) {
      throw new BackpressureError('open databases');
    }
    const phases = new Phases(this.ctx.clock, 'lease');
    const database = this.claims
      .run(() => {
        // It may have waited for its turn until now. A drain still settles what it finds.
        if (purpose === 'use') this.draining.throwIfBegun();
        return this.claim(identity, options, phases);
      })
      .then(
        (opened) => {
          this.openings.delete(databaseId);
          this.opened.add(opened);
          // A claim takes along whatever was durable at earlier epochs (H3).
          if (this.unclear.has(databaseId)) this.settled(databaseId, { epoch: opened.epoch, lastCommit: VERSION_ZERO });
          first?.leave(undefined);
          this.awaited.get(databaseId)?.wake();
          return opened;
        },
        (error: unknown) => {
          this.openings.delete(databaseId);
          first?.leave({ failedWith: error });
          throw error;
        },
      );
    const opening = { database, phases };
    this.openings.set(databaseId, opening);
    // Whoever waits is told; it may be that nobody does.
    database.catch(() => undefined);
    return opening;
  }

  private async claim(
    identity: DatabaseIdentity,
    { inHand, first, traceparent }: OpeningOptions,
    phases: Phases,
  ): Promise<OwnedDatabase> {
    // Thousands may wait for one log to be closed and read: opening others goes on.
    const aside: Aside = (wait) => this.claims.aside(wait);
    try {
      const ctx = tracedContext(this.ctx, traceparent);
      const claimed = await claimDatabase(ctx, this.recovery, identity, { inHand, aside, first, phases });
      const database = new OwnedDatabase(this.handles, claimed);
      ctx.events.opened?.(claimed.head);
      return database;
    } catch (error) {
      // Unknown is whether we own it, which the next claim finds out. Of what a caller wants, nothing was applied, but for the
      // one whose commit was carried, who is told apart.
      if (!isLeaseholdError(error, 'unknown')) throw error;
      throw new OwnerUnavailableError('whether the claim succeeded is not known yet', error);
    }
  }

  /** The head tells that the log need not keep what it has of the database up to there. */
  private settled(databaseId: DatabaseId, { epoch, lastCommit }: Pick<Head, 'epoch' | 'lastCommit'>): void {
    this.unclear.delete(databaseId);
    this.ctx.log.flushed(databaseId, epoch, lastCommit.sequence);
  }

  private forget(database: OwnedDatabase): void {
    if (!this.opened.remove(database)) return;
    if (database.unflushedBytes > 0) {
      this.unclear.add(database.id);
      // Its memtables go with it, and with them the budget that they are in.
      this.ctx.log.unshared(database.id);
    }
    this.dirtyOnes.set(database.id, 0);
  }
}
