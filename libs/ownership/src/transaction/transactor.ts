import type { DatabaseId, Phases, Version } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { IdempotencyRecord } from '@leasehold/engine';
import { checksumOfCommits, deleteEntry, liesInPiece, WRITE_PRESSURE, writeDelayMs } from '@leasehold/engine';
import { UnknownOutcomeError } from '@leasehold/object-store';

import type { Contents } from '../contents.js';
import type { OwnershipContext } from '../context.js';
import type { DurableMark } from '../durable-mark.js';
import {
  BackpressureError,
  DatabaseFullError,
  HandleClosedError,
  IdempotencyKeyReusedError,
  IdempotencyKeysExhaustedError,
  NotACounterError,
  OwnerUnavailableError,
  PreconditionFailedError,
} from '../errors.js';
import type { HeldHead } from '../held-head.js';
import type { Unflushed } from '../unflushed.js';
import { unlessAborted } from '../unless-aborted.js';
import type { Users } from '../users.js';
import type { WriteTally } from '../write-tally.js';
import type { Shortage } from './capacity.js';
import { shortageFor } from './capacity.js';
import { decide, lastSeen } from './decide.js';
import type { Footprint } from './footprint.js';
import { footprintOf } from './footprint.js';
import { recordOf } from './idempotency.js';
import { KeyTurns } from './key-turns.js';
import type { Knowledge } from './knowledge.js';
import { asksNothing, gather, NOTHING_ASKED } from './knowledge.js';
import type { LastCommit } from './next-commit.js';
import { nextCommit, versionAfter } from './next-commit.js';
import type { Effects } from './resolve-operations.js';
import { resolveOperations, resolvePlain } from './resolve-operations.js';
import type { IdempotencyKey, PlainWrite, Transaction, TransactionOutcome } from './transaction.js';
import { writeUnitsOf } from './transaction-cost.js';

/** Writes of one database that are slowed down at a time; each holds its values in memory. */
const MAX_DELAYED = 1_000;

const NO_OPERATIONS: Pick<Transaction, 'ops'> = { ops: [] };

/** What of an owned database a transaction touches. */
export interface TransactorParts {
  readonly ctx: OwnershipContext;
  readonly id: DatabaseId;
  readonly epoch: number;
  readonly held: HeldHead;
  readonly unflushed: Unflushed;
  readonly durable: DurableMark;
  readonly tally: WriteTally | undefined;
  readonly contents: Contents;
  readonly users: Users;
  /** Called when a commit has its number. */
  readonly onAccepted: () => void;
}

/**
 * Decides and commits the transactions of one owned database.
 *
 *     knowledge → verdict → effects → number → memtable and log (accepted) → segment confirmed (durable) → acknowledged
 *
 * From verdict to acceptance nothing is awaited, so nothing comes between what was checked and what is written. Where knowledge has to
 * come from files, the transaction holds a turn on everything that it touches; others pass by. So transactions are in one order, that of
 * their numbers, which is also that of real time: strictly serializable.
 */
export class Transactor {
  private turns: KeyTurns | undefined;
  private delayed = 0;

  constructor(private readonly parts: TransactorParts) {}

  /**
   * @throws PreconditionFailedError at a moment during the call a check did not hold
   * @throws NotACounterError, IdempotencyKeyReusedError, DatabaseFullError, IdempotencyKeysExhaustedError, FutureVersionError,
   *   HistoryGoneError, BackpressureError, HandleClosedError, LeaseholdError `unavailable`: nothing was applied
   * @throws UnknownOutcomeError the session, or the caller's time, ended before the outcome was known (H5)
   * @param phases of the caller, who is in `put` from the number on
   */
  transact(tx: Transaction, signal: AbortSignal, phases?: Phases): Promise<TransactionOutcome> {
    if (!this.isUnderPressure) return this.decide(tx, signal, phases);
    phases?.enter('queue');
    return this.heldBack(signal).then(() => this.decide(tx, signal, phases));
  }

  /**
   * One put or delete that asks for nothing, where nobody and nothing has to be waited for: it has its number when this returns, and is
   * waited for by its version. Undefined: it has to wait for something, or something was applied under its idempotency key; nothing was done.
   * @throws LeaseholdError as {@link transact}: nothing was applied
   */
  acceptNow({ op, idempotencyKey }: PlainWrite): Version | undefined {
    if (this.turns !== undefined || this.isUnderPressure) return undefined;
    if (idempotencyKey !== undefined && !this.isUnused(idempotencyKey)) return undefined;
    const { contents, epoch } = this.parts;
    this.assertHeld();
    const last = contents.last();
    const now = this.timeAfter(last);
    const version = versionAfter(last, epoch);
    const tx = { ops: [op], idempotencyKey };
    this.accept(tx, version, resolvePlain(op, version, now), now);
    return version;
  }

  /** As views do: what has expired at the time of a commit stays so when the clock is set back. */
  private timeAfter(last: LastCommit): number {
    const { ctx } = this.parts;
    return Math.max(ctx.clock.now(), last.committedAt);
  }

  /** Most find nobody before them and everything in memory, and have their number when this returns. */
  private decide(tx: Transaction, signal: AbortSignal, phases?: Phases): Promise<TransactionOutcome> {
    phases?.enter('put');
    const footprint = this.turns === undefined ? undefined : footprintOf(tx);
    if (footprint === undefined || this.turns?.isFree(footprint) !== false) {
      const known = this.gather(tx);
      if (!(known instanceof Promise)) return this.conclude(tx, known, signal);
      // Asked again in its turn, when what it reads is in the cache.
      known.catch(() => undefined);
    }
    phases?.enter('queue');
    return this.inTurn(tx, footprint ?? footprintOf(tx), signal, phases).then(({ outcome }) => outcome);
  }

  private get isUnderPressure(): boolean {
    return (
      this.parts.held.head.l0.length >= Math.min(WRITE_PRESSURE.slowFiles, this.parts.ctx.settings.refuseAtL0Files)
    );
  }

  /** Compaction is behind: writes come slower, the more the further, until they are refused. */
  private async heldBack(signal: AbortSignal): Promise<void> {
    const { held, ctx } = this.parts;
    held.waitForCompaction();
    const refuseFiles = ctx.settings.refuseAtL0Files;
    const slowFiles = Math.min(WRITE_PRESSURE.slowFiles, refuseFiles);
    const delayMs = writeDelayMs(held.head, { ...WRITE_PRESSURE, slowFiles, refuseFiles });
    if (delayMs === undefined) throw new BackpressureError('files of the database');
    if (this.delayed >= MAX_DELAYED) throw new BackpressureError('writes of the database');
    this.delayed += 1;
    try {
      await ctx.clock.sleep(delayMs, signal);
    } catch (cause) {
      throw turnTooLate(cause);
    } finally {
      this.delayed -= 1;
    }
  }

  /** The turn is over with the number; being durable is waited for outside of it. */
  private async inTurn(
    tx: Transaction,
    footprint: Footprint,
    signal: AbortSignal,
    phases: Phases | undefined,
  ): Promise<{ readonly outcome: Promise<TransactionOutcome> }> {
    this.turns ??= new KeyTurns();
    const { turns } = this;
    if (!turns.hasRoomFor(footprint)) throw new BackpressureError('writes of the database');
    let concluded: { readonly outcome: Promise<TransactionOutcome> } | undefined;
    const turn = turns.run(footprint, async () => {
      phases?.enter('read');
      const known = await this.parts.contents.reading(() => this.gatherLately(tx));
      phases?.enter('put');
      const outcome = this.conclude(tx, known, signal);
      // Whoever called hears of it; until then it is nobody's surprise.
      outcome.catch(() => undefined);
      concluded = { outcome };
      return concluded;
    });
    const left = turn.finally(() => {
      // Others may have begun anew when the last of these left.
      if (turns.length === 0 && this.turns === turns) this.turns = undefined;
    });
    // The caller may go before it is over; nobody gives the database up meanwhile.
    void this.parts.users.during(() => left).catch(() => undefined);
    try {
      return await unlessAborted(left, [signal], turnTooLate);
    } catch (error) {
      if (concluded !== undefined) return concluded;
      throw error;
    }
  }

  /**
   * Reading files takes time, in which what a range check found unchanged may expire: then all is looked up once more, from the cache now.
   */
  private async gatherLately(tx: Transaction): Promise<Knowledge> {
    const { clock } = this.parts.ctx;
    const begunAt = clock.now();
    const known = await this.gather(tx);
    return clock.now() === begunAt || !tx.checks.some(({ kind }) => kind === 'range') ? known : this.gather(tx);
  }

  private gather(tx: Transaction): Knowledge | Promise<Knowledge> {
    if (asksNothing(tx)) return NOTHING_ASKED;
    const { contents } = this.parts;
    return gather(tx, () => contents.present(), tx.idempotencyKey && this.recordOf(tx.idempotencyKey.key));
  }

  /** False also where files would have to be asked. */
  private isUnused({ key }: IdempotencyKey): boolean {
    const record = this.recordOf(key);
    if (record instanceof Promise) record.catch(() => undefined);
    return record === undefined;
  }

  private recordOf(key: Uint8Array): IdempotencyRecord | undefined | Promise<IdempotencyRecord | undefined> {
    return recordOf(key, this.parts.contents.parts(), this.parts.ctx.clock.now());
  }

  /** Everything up to the number happens before this returns, or throws. */
  private conclude(tx: Transaction, known: Knowledge, signal: AbortSignal): Promise<TransactionOutcome> {
    const { contents, epoch } = this.parts;
    this.assertHeld();
    const last = contents.last();
    const now = this.timeAfter(last);
    const verdict = decide(tx, known, now);
    switch (verdict.kind) {
      case 'repeated':
        return this.durably({ version: verdict.version, effect: 'repeated', writeUnits: 0 }, signal);
      case 'reused':
        return this.refused(verdict.version.sequence, signal, new IdempotencyKeyReusedError());
      case 'failed':
        return this.refused(verdict.shows, signal, new PreconditionFailedError(verdict.present, verdict.failedCheck));
      case 'expired': {
        const version = this.deleteExpired(verdict.keys, now);
        return this.refused(version.sequence, signal, new PreconditionFailedError(version, verdict.failedCheck));
      }
      case 'holds':
    }
    if (tx.ops.length === 0) {
      const nothing = { version: last.version, effect: 'nothing', writeUnits: 0 } as const;
      return contents.shown(last.version, signal).then(() => nothing);
    }
    if (signal.aborted) throw turnTooLate(signal.reason);
    const version = versionAfter(last, epoch);
    const effects = resolveOperations(tx.ops, (position) => known.counters[position]?.entry, version, now);
    if ('faultyOperation' in effects) {
      const shows = lastSeen(tx, known, tx.checks.length, effects.faultyOperation + 1);
      return this.refused(shows, signal, new NotACounterError(effects.faultyOperation));
    }
    this.accept(tx, version, effects, now);
    return this.durably({ version, effect: 'committed', writeUnits: writeUnitsOf(tx) }, signal);
  }

  /** @param shows sequence of the last commit that the refusal depends on (R2) */
  private async refused(shows: number, signal: AbortSignal, error: Error): Promise<never> {
    await this.parts.contents.shown({ sequence: shows }, signal);
    throw error;
  }

  /**
   * An expiry has failed a range check. It has no version, so the caller's next look at the range would end at the same version and fail
   * again, for ever: the deletes give it one (docs/decisions).
   */
  private deleteExpired(keys: readonly Uint8Array[], now: number): Version {
    const version = versionAfter(this.parts.contents.last(), this.parts.epoch);
    const entries = keys.map((key) => deleteEntry(key, version));
    this.accept(NO_OPERATIONS, version, { entries, rangeDeletes: [] }, now);
    return version;
  }

  /** Hands a commit to log and memtable. Synchronous: nothing can come between. */
  private accept(tx: Omit<Transaction, 'checks'>, version: Version, effects: Effects, now: number): void {
    const { ctx, id, epoch, unflushed, durable, tally, contents } = this.parts;
    ctx.session.assertServing();
    const commit = nextCommit(contents.last(), version, tx, effects, now);
    this.assertRoom(tx, commit);
    const payload = unflushed.encode(commit);
    try {
      ctx.log.appendFor(durable, {
        databaseId: id,
        epoch,
        firstSequence: version.sequence,
        lastSequence: version.sequence,
        payload,
        payloadChecksum: checksumOfCommits(payload),
        isShared: liesInPiece(payload),
      });
    } catch (error) {
      // The log refuses synchronously, before it takes anything: then number and memory are still free.
      if (isLeaseholdError(error)) unflushed.giveBack(payload);
      throw error;
    }
    durable.accept(version.sequence);
    tally?.accepted(commit);
    unflushed.put(commit, payload);
    contents.changed();
    this.parts.onAccepted();
  }

  private durably(outcome: TransactionOutcome, signal: AbortSignal): Promise<TransactionOutcome> {
    return unlessAborted(this.parts.durable.until(outcome.version.sequence), [signal], tooLate).then(() => outcome);
  }

  private assertHeld(): void {
    if (this.parts.held.isFenced) throw new HandleClosedError('the database was taken over');
  }

  private assertRoom(tx: Omit<Transaction, 'checks'>, commit: Parameters<typeof shortageFor>[1]): void {
    const { held, unflushed, ctx } = this.parts;
    if (unflushed.isFull) throw new BackpressureError('bytes of the database');
    if (held.head.l0.length >= ctx.settings.refuseAtL0Files) throw new BackpressureError('files of the database');
    const shortage = shortageFor(tx, commit, unflushed.memtables, held.head);
    if (shortage !== undefined) throw this.refusal(shortage);
  }

  private refusal(shortage: Shortage): Error {
    const { held } = this.parts;
    switch (shortage) {
      case 'bytes':
        held.waitForCompaction();
        return new DatabaseFullError(held.head.options.maxBytes);
      case 'range deletes':
        held.waitForCompaction();
        return new BackpressureError('range deletes of the database');
      case 'idempotency keys':
        return new IdempotencyKeysExhaustedError();
    }
  }
}

function turnTooLate(reason: unknown): Error {
  return new OwnerUnavailableError('the turn of the write came too late', reason);
}

function tooLate(reason: unknown): Error {
  return new UnknownOutcomeError('commit was not durable in time', { cause: reason });
}
