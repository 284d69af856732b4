import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, LeaseholdError, ulidFloorAt } from '@leasehold/foundation';
import { decodeUsageRecord, SESSION_QUIET_MS, type UsageRecord } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

/** Where records are rolled up. Everything rejects when it does not answer; taking a record again is always safe. */
export interface RecordTaker {
  take(record: UsageRecord): Promise<{ readonly isNew: boolean; readonly conflicts: readonly string[] }>;
  /** Of the session's records that were taken, the highest number; 0: none was. */
  lastNumber(session: SessionId): Promise<number>;
  /** Sessions of whose records one reaches to this time or past it (ms since the Unix epoch). */
  sessionsSince(time: number): Promise<readonly SessionId[]>;
  /** Every record that was in the bucket at that time (ms since the Unix epoch) is taken. */
  passed(completeTo: number): Promise<void>;
  /** The latest of these times; undefined: there is none. */
  completeTo(): Promise<number | undefined>;
}

export interface RollUpContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly ledger: RecordTaker;
  /** A record cannot be read, and is passed over: what it says is not counted. */
  readonly onDamaged: (name: string, cause: unknown) => void;
  /** Write counters of these databases contradict what was told before: people have to look. */
  readonly onConflict: (name: string, databases: readonly string[]) => void;
}

export interface RollUpReport {
  readonly sessions: number;
  readonly records: number;
  readonly damaged: number;
}

/** Sessions of late that are looked at in one pass; each is a request. */
const MAX_RECENT_SESSIONS = 20_000;
/** Of all that ever were: some ten years of a hundred processes that rest at night. Three requests each, a day's work at most. */
const MAX_SESSIONS = 1_000_000;
/** How far behind the clock of whoever writes records may be without their being late; and how late they may be after their time. */
const CLOCKS_APART_MS = 10 * 60_000;
/** Records of one session in one pass. */
const MAX_RECORDS = 1_000;

/** Numbers by session. */
type Next = Map<SessionId, number>;

/**
 * Takes the usage records that are new: those of sessions that wrote some lately, and of those that began since. A session that is quiet for longer ends: who
 * writes records begins another one then (`UsageRecorder`). A full pass looks at every session that ever wrote one, and finds what a clock far behind has hidden.
 *
 * Where nothing is new a pass costs a GET for each of these sessions, which asks for the record behind the last one, and a LIST for each that began lately and one more. A pass may run beside another, or die anywhere: what was
 * taken stays, and is not taken twice.
 */
export class RollUp {
  /** Number of the first record of a session that is not taken, as far as it is known; only of those that were listed last. */
  private next: Next = new Map();

  constructor(private readonly ctx: RollUpContext) {}

  /** @throws LeaseholdError bucket or ledger do not answer; the signal's reason */
  async pass(signal: AbortSignal, { full = false }: { readonly full?: boolean } = {}): Promise<RollUpReport> {
    const beganAt = this.ctx.clock.now();
    const report = { sessions: 0, records: 0, damaged: 0 };
    const completeTo = full ? undefined : await this.ctx.ledger.completeTo();
    const isAll = completeTo === undefined;
    const known = this.next;
    // Of all of them nothing is remembered: most have ended.
    const next: Next = isAll ? new Map() : (this.next = new Map());
    const maxSessions = isAll ? MAX_SESSIONS : MAX_RECENT_SESSIONS;
    const sessions = isAll
      ? this.sessionsBehind('', signal)
      : this.sessionsSince(Math.min(completeTo, beganAt), signal);
    for await (const session of sessions) {
      if (report.sessions === maxSessions)
        throw new LeaseholdError('quota', 'overloaded', 'there are too many sessions to look at');
      report.sessions++;
      const from = known.get(session) ?? (await this.ctx.ledger.lastNumber(session)) + 1;
      const through = await this.takeFrom(session, from, next, signal, report);
      if (!isAll) next.set(session, through);
    }
    await this.ctx.ledger.passed(beganAt);
    return report;
  }

  /** @returns the number of the record that is not there yet. @throws LeaseholdError there is more than one pass takes: the next one goes on */
  private async takeFrom(
    session: SessionId,
    from: number,
    next: Next,
    signal: AbortSignal,
    report: { records: number; damaged: number },
  ): Promise<number> {
    const { store, ledger, onDamaged, onConflict } = this.ctx;
    for (let number = from; number < from + MAX_RECORDS; number++) {
      signal.throwIfAborted();
      const name = bucketLayout.usageRecord(session, number);
      const object = await store.get(name, { signal });
      if (object === undefined || object === 'not-modified') return number;
      try {
        const { conflicts } = await ledger.take(recordAt(session, number, object.body));
        if (conflicts.length > 0) onConflict(name, conflicts);
        report.records++;
      } catch (error) {
        if (!(error instanceof CorruptBytesError)) throw error;
        onDamaged(name, error);
        report.damaged++;
      }
      next.set(session, number + 1);
    }
    throw new LeaseholdError('unavailable', 'unavailable', 'a session has more records than one pass takes');
  }

  /** Those that may have records that were not in the bucket at that time. */
  private async *sessionsSince(completeTo: number, signal: AbortSignal): AsyncIterable<SessionId> {
    const known = new Set(await this.ctx.ledger.sessionsSince(completeTo - SESSION_QUIET_MS - CLOCKS_APART_MS));
    yield* known;
    const begunAfter = bucketLayout.usageOf(ulidFloorAt(completeTo - CLOCKS_APART_MS) as SessionId);
    for await (const session of this.sessionsBehind(begunAfter, signal)) if (!known.has(session)) yield session;
  }

  /** From one to the next, past all records of each: a LIST for every session. */
  private async *sessionsBehind(name: string, signal: AbortSignal): AsyncIterable<SessionId> {
    let startAfter = name;
    // Ends with the listing, or by the bound of whoever iterates.
    for (;;) {
      const { objects } = await this.ctx.store.list(bucketLayout.usage, {
        signal,
        limit: 1,
        ...(startAfter === '' ? {} : { startAfter }),
      });
      const [first] = objects;
      if (first === undefined) return;
      const record = bucketLayout.parseUsageRecord(first.key);
      if (record !== undefined) yield record.session;
      startAfter = record === undefined ? first.key : bucketLayout.behindUsageOf(record.session);
    }
  }
}

/** @throws CorruptBytesError also where it says that it is another one */
function recordAt(session: SessionId, number: number, bytes: Uint8Array): UsageRecord {
  const record = decodeUsageRecord(bytes);
  if (record.session === session && record.number === number) return record;
  throw new CorruptBytesError('a usage record stands under the name of another one');
}
