import type { DatabaseId, SessionId, Version } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { Entry, Head, ScanOptions, ScanPage, StoredHead } from '@leasehold/engine';
import { commitOf, deleteEntry, encodeCommits, putEntry, View } from '@leasehold/engine';
import { UnknownOutcomeError } from '@leasehold/object-store';
import type { Precondition } from '@leasehold/protocol';

import type { HandleContext } from './context.js';
import { DurableMark } from './durable-mark.js';
import { BackpressureError, HandleClosedError, OwnerUnavailableError, PreconditionFailedError } from './errors.js';
import { HeldHead } from './held-head.js';
import { preconditionHolds } from './precondition-holds.js';
import { rereading } from './rereading.js';
import { Turns } from './turns.js';
import { Unflushed } from './unflushed.js';
import { unlessAborted } from './unless-aborted.js';
import { Users } from './users.js';

export interface WriteRequest {
  readonly key: Uint8Array;
  /** Undefined deletes. */
  readonly value: Uint8Array | undefined;
  readonly precondition: Precondition;
}

/** What the owner knows of the database; `head` is what the bucket holds, `version` the last durable commit. */
export interface OwnedState {
  readonly head: Head;
  readonly version: Version;
  readonly memtableBytes: number;
}

/** Writes of one database that wait for the check of another; each holds its value in memory. */
const MAX_WAITING_WRITES = 1_000;

type Decision =
  | { readonly accepted: Version }
  /** `because` is the newest entry of the key, which may be a tombstone; `present` the version of a live one. */
  | { readonly accepted: undefined; readonly because: Entry | undefined; readonly present: Version | undefined };

/**
 * A database that this session owns at one epoch: what a confirmed claim gives the right to.
 *
 *     write:  condition → number → memtable and log (accepted) → segment confirmed (durable) → acknowledged
 *
 * Reads see accepted commits, and wait until those they saw are durable (R2). A signal ends the waiting of one caller, not
 * the work.
 *
 * Once given up or fenced, every call throws HandleClosedError and nothing more is served at this epoch (H4).
 */
export class OwnedDatabase {
  readonly id: DatabaseId;
  readonly epoch: number;
  private readonly held: HeldHead;
  private readonly unflushed: Unflushed;
  private accepted: Version;
  private readonly durable: DurableMark;
  private readonly writers = new Turns();
  private readonly users = new Users();
  private closedBecause: string | undefined;
  private ending: Promise<void> | undefined;
  private usedAt: number;

  constructor(
    private readonly ctx: HandleContext,
    stored: StoredHead,
  ) {
    const { databaseId, epoch, lastCommit } = stored.head;
    this.id = databaseId;
    this.epoch = epoch;
    this.held = new HeldHead(ctx, stored);
    this.accepted = lastCommit;
    this.durable = new DurableMark(lastCommit.sequence);
    this.unflushed = new Unflushed(ctx, this.held, this.durable);
    this.usedAt = ctx.clock.monotonic();
  }

  get head(): Head {
    return this.held.head;
  }

  /** Monotonic ms of the last request; a database in use counts as used now. */
  get lastUsedAt(): number {
    return this.users.present > 0 ? this.ctx.clock.monotonic() : this.usedAt;
  }

  get sizeBytes(): number {
    return this.held.sizeBytes + this.unflushed.sizeBytes;
  }

  rest(): void {
    if (this.users.present === 0) this.held.rest();
  }

  get unflushedBytes(): number {
    return this.unflushed.sizeBytes;
  }

  /** True when a memtable is full, or was left behind by a flush that failed. */
  get wantsFlush(): boolean {
    return this.unflushed.wantsFlush;
  }

  /**
   * Applies one write if its precondition holds. Resolves when it is durable.
   * @throws PreconditionFailedError it did not hold at a moment during the call
   * @throws BackpressureError, HandleClosedError, LeaseholdError `unavailable`: nothing was applied
   * @throws UnknownOutcomeError the session, or the caller's time, ended before the outcome was known (H5)
   */
  write(request: WriteRequest, signal: AbortSignal): Promise<Version> {
    return this.during(async () => {
      if (this.writers.length >= MAX_WAITING_WRITES) throw new BackpressureError('writes of the database');
      // One at a time from check to number, so that nothing comes between what was checked and what is written.
      const decided = await this.writers.run(() => this.decide(request, signal));
      if (decided.accepted === undefined) {
        if (decided.because) await this.shown(decided.because.version, signal);
        throw new PreconditionFailedError(decided.present);
      }
      await unlessAborted(this.durable.until(decided.accepted.sequence), [signal], (reason) => {
        return new UnknownOutcomeError('commit was not durable in time', { cause: reason });
      });
      return decided.accepted;
    });
  }

  /** The live entry of a key, durable; undefined when the key does not exist. */
  get(key: Uint8Array, signal: AbortSignal): Promise<Entry | undefined> {
    return this.during(async () => {
      const entry = await this.newest(key);
      if (entry) await this.shown(entry.version, signal);
      return entry?.kind === 'put' ? entry : undefined;
    });
  }

  /** A page of live entries of one snapshot, durable. */
  scan(options: ScanOptions, signal: AbortSignal): Promise<ScanPage> {
    return this.during(async () => {
      const { page, version } = await this.reading(async (view) => ({
        page: await view.scan(options),
        version: view.version,
      }));
      await this.shown(version, signal);
      return page;
    });
  }

  state(signal: AbortSignal): Promise<OwnedState> {
    return this.during(async () => {
      const state = { head: this.held.head, version: this.accepted, memtableBytes: this.unflushedBytes };
      await this.shown(state.version, signal);
      return state;
    });
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
    this.ending ??= this.users.gone().then(() => this.unflushed.flush(owner));
    return this.ending;
  }

  private during<T>(operation: () => Promise<T>): Promise<T> {
    return this.users.during(async () => {
      if (this.closedBecause !== undefined) throw new HandleClosedError(this.closedBecause);
      this.assertHeld();
      this.usedAt = this.ctx.clock.monotonic();
      return operation();
    });
  }

  private async decide(request: WriteRequest, signal: AbortSignal): Promise<Decision> {
    if (request.precondition.kind !== 'none') {
      const newest = await this.newest(request.key);
      const present = newest?.kind === 'put' ? newest.version : undefined;
      if (!preconditionHolds(request.precondition, present)) return { accepted: undefined, because: newest, present };
    }
    if (signal.aborted) throw new OwnerUnavailableError('the turn of the write came too late', signal.reason);
    return { accepted: this.accept(request) };
  }

  /** Numbers a commit and hands it to log and memtable. Synchronous: nothing can come between. */
  private accept({ key, value }: WriteRequest): Version {
    const { ctx } = this;
    this.assertHeld();
    ctx.session.assertServing();
    this.assertRoom();
    const version: Version = { epoch: this.epoch, sequence: this.accepted.sequence + 1 };
    const entry = value === undefined ? deleteEntry(key, version) : putEntry(key, version, value);
    const commit = commitOf(version, [entry], { committedAt: this.ctx.clock.now() });
    // The log refuses synchronously, before it takes anything: then the number is still free.
    const durable = ctx.log.append({
      databaseId: this.id,
      epoch: this.epoch,
      firstSequence: version.sequence,
      lastSequence: version.sequence,
      payload: encodeCommits([commit]),
    });
    this.accepted = version;
    this.durable.track(version.sequence, durable);
    this.unflushed.put(commit);
    return version;
  }

  private assertHeld(): void {
    if (this.held.isFenced) throw new HandleClosedError('the database was taken over');
  }

  private assertRoom(): void {
    if (this.unflushed.isFull) throw new BackpressureError('bytes of the database');
    if (this.held.head.l0.length < this.ctx.settings.refuseAtL0Files) return;
    this.held.waitForCompaction();
    throw new BackpressureError('files of the database');
  }

  /** R2, for answers that show commits of others: of the caller's own nothing was applied, whatever became of those. */
  private async shown({ sequence }: Version, signal: AbortSignal): Promise<void> {
    if (this.durable.isDurable(sequence)) return;
    const tooLate = (cause: unknown): Error => new OwnerUnavailableError('what was read is not durable yet', cause);
    await unlessAborted(this.durable.until(sequence), [signal], tooLate).catch((error: unknown) => {
      throw isLeaseholdError(error, 'unknown') ? tooLate(error) : error;
    });
  }

  private newest(key: Uint8Array): Promise<Entry | undefined> {
    return this.reading((view) => view.get(key));
  }

  /** Runs a read on the present view. */
  private reading<T>(read: (view: View) => Promise<T>): Promise<T> {
    return rereading(async (again) => {
      if (again) await this.held.reload();
      const files = { store: this.ctx.store, cache: this.ctx.blocks };
      return read(new View({ memtables: this.unflushed.memtables, head: this.held.head, files }));
    });
  }
}
