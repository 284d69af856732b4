import type { Clock, DatabaseId, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, ulidFloorAt } from '@leasehold/foundation';
import {
  differencesOf,
  HOUR_MS,
  type DatabaseBooks,
  type RecountedTime,
  type ReconciliationReport,
  type UsageDifference,
  type UsageRecord,
} from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

import { readRecord, sessionsBehind, USAGE_RECORDS } from './record-series.js';

/** A second set of books, kept while the work lasts. */
export interface SecondBook {
  taken(session: SessionId, from: number): Promise<{ readonly first: number; readonly last: number }>;
  tell(record: UsageRecord): Promise<void>;
  databases(after: DatabaseId | undefined): Promise<readonly DatabaseId[]>;
  compare(ids: readonly DatabaseId[]): Promise<readonly DatabaseBooks[]>;
  save(report: ReconciliationReport, first: readonly UsageDifference[]): Promise<void>;
}

export interface ReconcilerContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly ledger: {
    completeTo(): Promise<number | undefined>;
    sessionsSince(time: number): Promise<readonly SessionId[]>;
  };
  readonly recounts: {
    recount<T>(time: RecountedTime, work: (book: SecondBook) => Promise<T>): Promise<T | 'busy'>;
  };
}

const DAY_MS = 24 * HOUR_MS;
/** Days that are recounted: whatever comes late, a day after its time or two, is seen in its place by one of them. */
const DAYS = 3;
/** How long after a day its usage may still be coming. */
const LATE_MS = HOUR_MS;
/** How far behind the clock of whoever writes records may be. */
const CLOCKS_APART_MS = 10 * 60_000;
/** Sessions of one reconciliation; each is a listing and a read at least. Those of some hundreds of processes that begin anew every half an hour. */
const MAX_SESSIONS = 100_000;
/** Records of one session in one reconciliation: one every five seconds. One session with more keeps no other from being compared. */
const MAX_RECORDS = DAYS * (DAY_MS / 5_000);
/** Of those that are found, how many are told one by one. */
const MAX_TOLD = 1_000;

/** How far a session is read. */
interface Place {
  next: number;
}

/**
 * Counts the hours of the last whole days again, from the records in the bucket alone, and compares them with those that were rolled up. What differs is told, and not mended:
 * either the hours are wrong, or the recount is, or the records are gone, and which of them is for people to see. A machine that wrote its own sum over the other
 * would turn a mistake in either into a bill.
 *
 * May run beside roll-ups, and die anywhere: then nothing of it is left.
 */
export class Reconciler {
  constructor(private readonly ctx: ReconcilerContext) {}

  /**
   * @returns undefined: another one is under way, or nothing is rolled up yet
   * @throws LeaseholdError bucket or ledger do not answer; LaterFormatError: a later version has to recount, as this one cannot read all records; the signal's reason
   */
  async pass(
    signal: AbortSignal,
  ): Promise<{ readonly report: ReconciliationReport; readonly first: readonly UsageDifference[] } | undefined> {
    const begunAt = this.ctx.clock.now();
    const completeTo = await this.ctx.ledger.completeTo();
    if (completeTo === undefined) return undefined;
    const to = Math.floor((Math.min(begunAt, completeTo) - LATE_MS) / DAY_MS) * DAY_MS;
    const time = { from: to - DAYS * DAY_MS, to };
    const result = await this.ctx.recounts.recount(time, async (book) => {
      const reading = new RecordReading(this.ctx, book, { ...time, completeTo }, signal);
      await reading.on();
      const all = await this.compareAll(book, signal);
      // A record that came late may have been taken since it was looked for. What was so for that reason alone is not so any more.
      if (all.differing.length > 0) await reading.on();
      const first: UsageDifference[] = [];
      let differences = 0;
      for (const database of all.differing) {
        signal.throwIfAborted();
        const found = (await book.compare([database])).flatMap(differencesIn);
        differences += found.length;
        first.push(...found.slice(0, MAX_TOLD - first.length));
      }
      const endedAt = this.ctx.clock.now();
      const { databases } = all;
      const report = { ...time, begunAt, endedAt, ...reading.counts(), databases, differences };
      await book.save(report, first);
      return { report, first };
    });
    return result === 'busy' ? undefined : result;
  }

  private async compareAll(book: SecondBook, signal: AbortSignal) {
    const differing: DatabaseId[] = [];
    let databases = 0;
    let ids = await book.databases(undefined);
    // Ends: each piece is behind the one before.
    while (ids.length > 0) {
      signal.throwIfAborted();
      for (const books of await book.compare(ids)) {
        databases++;
        if (differencesIn(books).length > 0) differing.push(books.database);
      }
      ids = await book.databases(ids.at(-1));
    }
    return { databases, differing };
  }
}

function differencesIn({ database, told, counted }: DatabaseBooks): readonly UsageDifference[] {
  return differencesOf(database, told, counted);
}

/** Reads on in all sessions that reach into the days, each record once. */
class RecordReading {
  private readonly places = new Map<SessionId, Place>();
  private records = 0;
  private damaged = 0;
  private missing = 0;
  private readonly unread = new Set<SessionId>();

  constructor(
    private readonly ctx: ReconcilerContext,
    private readonly book: SecondBook,
    private readonly time: RecountedTime & { readonly completeTo: number },
    private readonly signal: AbortSignal,
  ) {}

  counts() {
    const { records, damaged, missing } = this;
    return { sessions: this.places.size, records, damaged, missing, unread: this.unread.size };
  }

  async on(): Promise<void> {
    const since = this.time.from - CLOCKS_APART_MS;
    for (const session of await this.ctx.ledger.sessionsSince(since)) await this.readOn(session);
    const begunAfter = USAGE_RECORDS.before(ulidFloorAt(since) as SessionId);
    for await (const session of sessionsBehind(this.ctx.store, USAGE_RECORDS, begunAfter, this.signal)) {
      await this.readOn(session);
    }
  }

  private async readOn(session: SessionId): Promise<void> {
    const { first, last } = await this.book.taken(session, this.time.from - CLOCKS_APART_MS);
    if (!this.places.has(session) && this.places.size >= MAX_SESSIONS) {
      this.unread.add(session);
      return;
    }
    const place = this.places.get(session) ?? { next: first };
    this.places.set(session, place);
    while (place.next < first + MAX_RECORDS) {
      this.signal.throwIfAborted();
      if (!(await this.readOne(session, place.next, last))) return;
      place.next++;
    }
    this.unread.add(session);
  }

  /** @returns false: here it ends for now */
  private async readOne(session: SessionId, number: number, last: number): Promise<boolean> {
    try {
      const record = await readRecord(this.ctx.store, USAGE_RECORDS, session, number, this.signal);
      if (record === undefined) {
        if (number > last) return false;
        this.missing++;
        return true;
      }
      // Not taken yet, and not late either.
      if (number > last && record.to > this.time.completeTo - LATE_MS) return false;
      await this.book.tell(record);
      this.records++;
    } catch (error) {
      if (!(error instanceof CorruptBytesError)) throw error;
      this.damaged++;
    }
    return true;
  }
}
