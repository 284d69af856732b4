import type { Clock, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, LeaseholdError, ulidFloorAt } from '@leasehold/foundation';
import { LaterFormatError, SESSION_QUIET_MS, type UsageRecord } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

import { readRecord, sessionsBehind, type NumberedRecord, type RecordSeries } from './record-series.js';

/** Where records are rolled up. Everything rejects when it does not answer; taking a record again is always safe. */
export interface RecordTaker<R extends NumberedRecord = UsageRecord> {
  take(record: R): Promise<{ readonly isNew: boolean; readonly conflicts: readonly string[] }>;
  /** Of the session's records that were taken, the highest number; 0: none was. */
  lastNumber(session: SessionId): Promise<number>;
  /** Sessions of whose records one reaches to this time or past it (ms since the Unix epoch). */
  sessionsSince(time: number): Promise<readonly SessionId[]>;
  /** Every record that was in the bucket at that time (ms since the Unix epoch) is taken. */
  passed(completeTo: number): Promise<void>;
  /** The latest of these times; undefined: there is none. */
  completeTo(): Promise<number | undefined>;
}

export interface RollUpContext<R extends NumberedRecord> {
  readonly series: RecordSeries<R>;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly ledger: RecordTaker<R>;
  /** A record cannot be read, and is passed over: what it says is not counted. */
  readonly onDamaged: (name: string, cause: unknown) => void;
  /** What is taken in the place of a record that cannot be read, so that it is known, and goes with the others; undefined: nothing is, and people look at it as long as they want. */
  readonly insteadOf?: (session: SessionId, number: number) => R;
  /** Write counters of these databases contradict what was told before: people have to look. */
  readonly onConflict: (name: string, databases: readonly string[]) => void;
}

export interface RollUpReport {
  readonly sessions: number;
  readonly records: number;
  readonly damaged: number;
  /** Sessions that have more records than one pass takes. */
  readonly behind: number;
}

/** Sessions of late that are looked at in one pass; each is a request. */
const MAX_RECENT_SESSIONS = 20_000;
/** Of all that ever were: some ten years of a hundred processes that rest at night. Three requests each, a day's work at most. */
const MAX_SESSIONS = 1_000_000;
/** How far behind the clock of whoever writes records may be without their being late; and how late they may be after their time. */
const CLOCKS_APART_MS = 10 * 60_000;
/** Records of one session in one pass, so that one that is far behind keeps no other waiting. */
const MAX_RECORDS = 1_000;

/** Numbers by session. */
type Next = Map<SessionId, number>;

/** What a pass has found so far. */
type Found = { -readonly [K in keyof RollUpReport]: RollUpReport[K] } & {
  /** A session waits at a record that a later version wrote; undefined: none does. */
  later: LaterFormatError | undefined;
};

/**
 * Takes the records that are new, of usage or of traffic: those of sessions that wrote some lately, and of those that began since. A session that is quiet for longer ends: who
 * writes records begins another one then (`UsageRecorder`). A full pass looks at every session that ever wrote one, and finds what a clock far behind has hidden.
 *
 * Where nothing is new a pass costs a GET for each of these sessions, which asks for the record behind the last one, and a LIST for each that began lately and one more. A pass may run beside another, or die anywhere: what was
 * taken stays, and is not taken twice.
 */
export class RollUp<R extends NumberedRecord = UsageRecord> {
  /** Number of the first record of a session that is not taken, as far as it is known; only of those that were listed last. */
  private next: Next = new Map();

  constructor(private readonly ctx: RollUpContext<R>) {}

  /**
   * @throws LeaseholdError bucket or ledger do not answer; LaterFormatError: some sessions wait at records that a later version wrote, and of all others everything is taken; `unavailable`: of some sessions there is more than one pass takes, and of all others everything is taken: the next
   * pass goes on there; the signal's reason
   */
  async pass(signal: AbortSignal, { full = false }: { readonly full?: boolean } = {}): Promise<RollUpReport> {
    const beganAt = this.ctx.clock.now();
    const found: Found = { sessions: 0, records: 0, damaged: 0, behind: 0, later: undefined };
    const completeTo = full ? undefined : await this.ctx.ledger.completeTo();
    const isAll = completeTo === undefined;
    const known = this.next;
    // Of all of them nothing is remembered: most have ended.
    const next: Next = isAll ? new Map() : (this.next = new Map());
    const maxSessions = isAll ? MAX_SESSIONS : MAX_RECENT_SESSIONS;
    const sessions = isAll
      ? sessionsBehind(this.ctx.store, this.ctx.series, '', signal)
      : this.sessionsSince(Math.min(completeTo, beganAt), signal);
    for await (const session of sessions) {
      if (found.sessions === maxSessions)
        throw new LeaseholdError('quota', 'overloaded', 'there are too many sessions to look at');
      found.sessions++;
      const from = known.get(session) ?? (await this.ctx.ledger.lastNumber(session)) + 1;
      const through = await this.takeFrom(session, from, next, signal, found);
      if (!isAll) next.set(session, through);
    }
    const { later, ...report } = found;
    // What is complete is not moved on: usage shows as late, and not as less, until a later version takes it.
    if (later !== undefined) throw later;
    if (report.behind > 0)
      throw new LeaseholdError('unavailable', 'unavailable', 'sessions have more records than one pass takes');
    await this.ctx.ledger.passed(beganAt);
    return report;
  }

  /** @returns the number of the first record that is not taken: it is not there yet, or the session is `behind` */
  private async takeFrom(
    session: SessionId,
    from: number,
    next: Next,
    signal: AbortSignal,
    found: Found,
  ): Promise<number> {
    const { store, series, ledger, onDamaged, insteadOf, onConflict } = this.ctx;
    for (let number = from; number < from + MAX_RECORDS; number++) {
      signal.throwIfAborted();
      const name = series.name(session, number);
      try {
        const record = await readRecord(store, series, session, number, signal);
        if (record === undefined) return number;
        const { conflicts } = await ledger.take(record);
        if (conflicts.length > 0) onConflict(name, conflicts);
        found.records++;
      } catch (error) {
        if (error instanceof LaterFormatError) {
          found.later = error;
          return number;
        }
        if (!(error instanceof CorruptBytesError)) throw error;
        onDamaged(name, error);
        found.damaged++;
        if (insteadOf !== undefined) await ledger.take(insteadOf(session, number));
      }
      next.set(session, number + 1);
    }
    found.behind++;
    return from + MAX_RECORDS;
  }

  /** Those that may have records that were not in the bucket at that time. */
  private async *sessionsSince(completeTo: number, signal: AbortSignal): AsyncIterable<SessionId> {
    const known = new Set(await this.ctx.ledger.sessionsSince(completeTo - SESSION_QUIET_MS - CLOCKS_APART_MS));
    yield* known;
    const { store, series } = this.ctx;
    const begunAfter = series.before(ulidFloorAt(completeTo - CLOCKS_APART_MS) as SessionId);
    for await (const session of sessionsBehind(store, series, begunAfter, signal)) {
      if (!known.has(session)) yield session;
    }
  }
}
