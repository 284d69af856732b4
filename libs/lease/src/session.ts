import { setMaxListeners } from 'node:events';

import { bucketLayout } from '@leasehold/bucket-layout';
import type { Instant, SessionId, Timer } from '@leasehold/foundation';
import { assert, elapsedMsSince, instant, isLeaseholdError, UlidSource } from '@leasehold/foundation';
import { drawNonce, EMPTY_TRAIL, nextTrail, settleCreate, settleSwap } from '@leasehold/object-store';

import type { SessionContext } from './seal-record.js';
import { SessionClosedError, SessionExpiredError, SessionLostError } from './session-errors.js';
import type { RollupRange, SessionRecord } from './session-record.js';
import {
  areRollupsBelow,
  decodeSessionRecord,
  encodeSessionRecord,
  ROLLUPS_LIMIT,
  trailOfSessionRecord,
} from './session-record.js';

export interface SessionSettings {
  /** Base URL under which gateways reach this process. */
  readonly endpoint: string;
  readonly pid: number;
  readonly host: string;
  /** How long a confirmed renewal is good for; renewed every third of it. */
  readonly ttlMs: number;
}

export const SESSION_TTL_MS = 5_000;
/** Above it Node warns of a leak of listeners. */
const ENDED_LISTENERS_LIMIT = 1_000;
/** Two renewals may fail before the deadline. */
const RENEWALS_PER_TTL = 3;

/** What the bucket is known to hold, and from when it counts. */
interface ConfirmedRecord {
  readonly record: SessionRecord;
  readonly etag: string;
  /** When the bytes were sent for the first time; repeats of the same bytes do not move it (S1). */
  readonly sentAt: Instant;
}

/** What the next renewal is to say of the log. Each change of it counts one on, so that its confirmation can be told. */
interface WantedLog {
  readonly floor: number;
  readonly rollups: readonly RollupRange[];
  readonly revision: number;
}

interface LogWaiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One life of one worker process: a record in the bucket, renewed for as long as the process may serve.
 *
 *     sent        confirmed                         sent + ttl
 *     |---------------|---------------------------------|
 *                     serving: reads may be answered    past the deadline: 503, until a renewal is confirmed
 *
 * The deadline (S1) protects reads only, and rests on clocks that do not stop unseen (A1). Acknowledged writes rest on
 * the log: a session that was sealed finds the seals in its way.
 *
 * There is one chain of edits and one edit in flight: each renewal is a CAS on the one confirmed before, with a fresh
 * nonce. An unknown outcome is repeated with the same bytes until it is done or refused (P1); a renewal that was
 * confirmed late counts from its first sending, so it may confirm a deadline that has already passed.
 */
export class Session {
  private readonly end = new AbortController();
  private timer: Timer | undefined;
  private editing: Promise<void> | undefined;
  private wanted: WantedLog;
  private urgent = false;
  private closing = false;
  private cleaning: Promise<void> | undefined;
  private waiters: LogWaiter[] = [];

  /**
   * Creates the record and resolves once it is confirmed; only then may anything be claimed (S1).
   * @throws UnknownOutcomeError, StoreUnavailableError; SessionLostError when a contender sealed it before that
   */
  static async start(ctx: SessionContext, settings: SessionSettings): Promise<Session> {
    const sessionId = new UlidSource(ctx.clock, ctx.random).next() as SessionId;
    const { endpoint, pid, host, ttlMs } = settings;
    const trail = nextTrail(EMPTY_TRAIL, drawNonce(ctx.random));
    const record: SessionRecord = {
      sessionId,
      endpoint,
      pid,
      host,
      ttlMs,
      state: 'live',
      floor: 1,
      rollups: [],
      trail,
    };
    const sentAt = instant(ctx.clock);
    const created = await settleCreate(ctx, bucketLayout.session(sessionId), encodeSessionRecord(record));
    if (created.outcome === 'exists') throw new SessionLostError(sessionId, 'its record was not the one it sent');
    return new Session(ctx, { record, etag: created.etag, sentAt });
  }

  private constructor(
    private readonly ctx: SessionContext,
    private confirmed: ConfirmedRecord,
  ) {
    this.wanted = { floor: confirmed.record.floor, rollups: confirmed.record.rollups, revision: 0 };
    // Every put of the log listens to it, up to 64 at a time; the default of 10 is a guess at leaks.
    setMaxListeners(ENDED_LISTENERS_LIMIT, this.end.signal);
    this.scheduleRenewal();
  }

  get id(): SessionId {
    return this.confirmed.record.sessionId;
  }

  get ttlMs(): number {
    return this.confirmed.record.ttlMs;
  }

  /** The floor that a confirmed renewal names: what lies below it may be deleted (S6). */
  get floor(): number {
    return this.confirmed.record.floor;
  }

  /** Aborted when the session is lost or closed; the reason is an Error that says how. It never comes back. */
  get ended(): AbortSignal {
    return this.end.signal;
  }

  /** S1: false from the deadline on. Ask after the answer is computed, with no await between this and the send. */
  serving(): boolean {
    if (this.end.signal.aborted || this.closing) return false;
    return elapsedMsSince(this.ctx.clock, this.confirmed.sentAt) < this.ttlMs;
  }

  /** @throws SessionExpiredError unless {@link serving}; the reason of {@link ended} once it has ended. */
  assertServing(): void {
    this.end.signal.throwIfAborted();
    if (!this.serving()) throw new SessionExpiredError(this.id);
  }

  /** The rollups that a confirmed renewal names (L5). */
  get rollups(): readonly RollupRange[] {
    return this.confirmed.record.rollups;
  }

  /**
   * Names a higher floor and, if they are given, other rollups, in ONE renewal: the next one or, with `soon`, one that is
   * sent as soon as none is in flight (S6). The floor never falls; `rollups` replaces the whole list.
   *
   * Resolves once a confirmed renewal says all that (or what was asked for later); rejects when the session ends first.
   * What the record no longer names, or what lies below its floor, may be deleted then, and not before.
   */
  raiseFloor(
    floor: number,
    options: { readonly rollups?: readonly RollupRange[]; readonly soon?: boolean } = {},
  ): Promise<void> {
    assert(Number.isSafeInteger(floor) && floor >= 1, 'segments start at 1');
    const { rollups, soon } = options;
    if (rollups === undefined && floor <= this.floor) return Promise.resolve();
    if (this.end.signal.aborted) return Promise.reject(this.end.signal.reason as Error);
    const wanted = {
      floor: Math.max(this.wanted.floor, floor),
      rollups: rollups ?? this.wanted.rollups,
      revision: this.wanted.revision + 1,
    };
    assert(wanted.rollups.length <= ROLLUPS_LIMIT, 'too many rollups in one session record');
    assert(areRollupsBelow(wanted.floor, wanted.rollups), 'rollups are in order and lie below the floor');
    this.wanted = wanted;
    // The clean record names it too; a renewal beside that edit would race it.
    if (soon && !this.closing) {
      this.urgent = true;
      if (this.editing === undefined) this.renewNow();
    }
    return new Promise((resolve, reject) => this.waiters.push({ revision: wanted.revision, resolve, reject }));
  }

  /** The log found a seal where its segment should be: another process has sealed this session (S3). */
  fail(error: Error): void {
    if (this.end.signal.aborted) return;
    this.timer?.cancel();
    this.end.abort(error);
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /**
   * The last step of a drain (S6 and H4 come first: nothing in flight, every database released): the record becomes
   * sealed and clean, so that others claim without waiting. From the call on the session serves nothing. Calling it
   * again gives the same promise.
   * @throws SessionLostError when another sealed it first; UnknownOutcomeError
   */
  sealClean(): Promise<void> {
    this.cleaning ??= this.closeRecord();
    return this.cleaning;
  }

  /** Ends the session without a word to the bucket, as a crash would: others wait for its ttl. */
  stop(): void {
    this.fail(new SessionClosedError(this.id));
  }

  private async closeRecord(): Promise<void> {
    this.end.signal.throwIfAborted();
    this.closing = true;
    this.timer?.cancel();
    // The clean record must follow the last renewal on the chain, not race it.
    await this.editing;
    this.end.signal.throwIfAborted();
    try {
      await this.edit({ state: 'clean' });
    } catch (error) {
      this.fail(error as Error);
      throw error;
    }
    this.fail(new SessionClosedError(this.id));
  }

  /** On schedule relative to the last sending: a slow confirmation does not stretch the rhythm. */
  private scheduleRenewal(): void {
    if (this.end.signal.aborted || this.closing) return;
    const sinceSentMs = elapsedMsSince(this.ctx.clock, this.confirmed.sentAt);
    const dueInMs = this.urgent ? 0 : Math.max(0, this.renewEveryMs - sinceSentMs);
    this.timer?.cancel();
    this.timer = this.ctx.clock.schedule(dueInMs, () => this.renewNow());
  }

  private get renewEveryMs(): number {
    return this.ttlMs / RENEWALS_PER_TTL;
  }

  private renewNow(): void {
    assert(this.editing === undefined, 'one edit of the session record at a time');
    this.timer?.cancel();
    this.urgent = false;
    this.editing = this.edit({})
      .catch((error: Error) => this.fail(error))
      .then(() => {
        this.editing = undefined;
        this.scheduleRenewal();
      });
  }

  /** One edit on the chain; returns when it is confirmed. Throws when it is refused, or when the session ended. */
  private async edit(change: { readonly state?: 'clean' }): Promise<void> {
    const { ctx, confirmed } = this;
    const nonce = drawNonce(ctx.random);
    const trail = nextTrail(confirmed.record.trail, nonce);
    const { floor, rollups, revision } = this.wanted;
    const record: SessionRecord = { ...confirmed.record, ...change, floor, rollups, trail };
    const sentAt = instant(ctx.clock);
    const etag = await this.settle(encodeSessionRecord(record), nonce, confirmed);
    this.confirmed = { record, etag, sentAt };
    this.resolveWaiters(revision);
  }

  /** P1 for as long as the session lives: the same bytes and condition, until done or refused. */
  private async settle(body: Uint8Array, nonce: string, base: ConfirmedRecord): Promise<string> {
    const { ctx } = this;
    for (;;) {
      this.end.signal.throwIfAborted();
      try {
        // One answer that never comes must not cost the deadline: it is asked for again when the next renewal would be due.
        const settling = { ...ctx, signal: this.end.signal, attemptTimeoutMs: this.renewEveryMs };
        const swap = await settleSwap(settling, bucketLayout.session(this.id), body, {
          condition: { match: base.etag },
          nonce,
          baseEdits: base.record.trail.edits,
          trailOf: trailOfSessionRecord,
        });
        if (swap.outcome === 'done') return swap.etag;
        // Superseded means applied and then sealed: a renewal that reads itself back from a sealed record is refused (S3).
        const current = swap.current && decodeSessionRecord(swap.current.body, this.id);
        throw new SessionLostError(
          this.id,
          current === undefined ? 'its record is gone' : `its record is ${current.state}`,
        );
      } catch (error) {
        this.end.signal.throwIfAborted();
        // A drain has a process waiting for it: it gives up where a renewal goes on.
        const repeatable = isLeaseholdError(error, 'unknown') || isLeaseholdError(error, 'unavailable');
        if (!repeatable || this.closing) throw error;
      }
      await ctx.clock.sleep(this.renewEveryMs, this.end.signal);
    }
  }

  private resolveWaiters(revision: number): void {
    const met = this.waiters.filter((waiter) => waiter.revision <= revision);
    this.waiters = this.waiters.filter((waiter) => waiter.revision > revision);
    for (const waiter of met) waiter.resolve();
  }
}
