import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, LeaseholdError } from '@leasehold/foundation';
import { decodeUsageRecord, type UsageRecord } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

/** Where records are rolled up. Everything rejects when it does not answer; taking a record again is always safe. */
export interface RecordTaker {
  take(record: UsageRecord): Promise<{ readonly isNew: boolean; readonly conflicts: readonly string[] }>;
  /** Of the session's records that were taken, the highest number; 0: none was. */
  lastNumber(session: SessionId): Promise<number>;
  /** Every record that was in the bucket at that time (ms since the Unix epoch) is taken. */
  passed(completeTo: number): Promise<void>;
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

/** Sessions that are looked at in one pass; each is a request. */
const MAX_SESSIONS = 20_000;
/** Records of one session in one pass. */
const MAX_RECORDS = 1_000;

/**
 * Takes the usage records that are new: those of sessions that have a record among `workers/`, or, in a full pass, those of every session that ever wrote one, which finds what
 * was left while nobody rolled up for longer than dead sessions are kept.
 *
 * Where nothing is new a pass costs a LIST and a GET for each session, which asks for the record behind the last one. A pass may run beside another, or die anywhere: what was
 * taken stays, and is not taken twice.
 */
export class RollUp {
  /** Number of the first record of a session that is not taken, as far as it is known; only of those that were listed last. */
  private next = new Map<SessionId, number>();

  constructor(private readonly ctx: RollUpContext) {}

  /** @throws LeaseholdError bucket or ledger do not answer; the signal's reason */
  async pass(signal: AbortSignal, { full = false }: { readonly full?: boolean } = {}): Promise<RollUpReport> {
    const beganAt = this.ctx.clock.now();
    const report = { sessions: 0, records: 0, damaged: 0 };
    const known = this.next;
    this.next = new Map();
    for await (const session of full ? this.everySession(signal) : this.presentSessions(signal)) {
      if (report.sessions === MAX_SESSIONS)
        throw new LeaseholdError('quota', 'overloaded', 'there are too many sessions to look at');
      report.sessions++;
      const from = known.get(session) ?? (await this.ctx.ledger.lastNumber(session)) + 1;
      const through = await this.takeFrom(session, from, signal, report);
      this.next.set(session, through);
    }
    await this.ctx.ledger.passed(beganAt);
    return report;
  }

  /** @returns the number of the record that is not there yet. @throws LeaseholdError there is more than one pass takes: the next one goes on */
  private async takeFrom(
    session: SessionId,
    from: number,
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
      this.next.set(session, number + 1);
    }
    throw new LeaseholdError('unavailable', 'unavailable', 'a session has more records than one pass takes');
  }

  private async *presentSessions(signal: AbortSignal): AsyncIterable<SessionId> {
    let startAfter: string | undefined;
    // Ends with the listing, or by the bound of whoever iterates.
    for (;;) {
      const page = await this.ctx.store.list(bucketLayout.sessions, { signal, ...(startAfter && { startAfter }) });
      for (const { key } of page.objects) {
        const session = bucketLayout.parseSession(key);
        if (session !== undefined) yield session;
      }
      startAfter = page.objects.at(-1)?.key;
      if (!page.truncated || startAfter === undefined) return;
    }
  }

  /** From one to the next, past all records of each: a LIST for every session. */
  private async *everySession(signal: AbortSignal): AsyncIterable<SessionId> {
    let startAfter: string | undefined;
    // As above.
    for (;;) {
      const { objects } = await this.ctx.store.list(bucketLayout.usage, {
        signal,
        limit: 1,
        ...(startAfter && { startAfter }),
      });
      const [first] = objects;
      if (first === undefined) return;
      const record = bucketLayout.parseUsageRecord(first.key);
      if (record === undefined) {
        startAfter = first.key;
        continue;
      }
      yield record.session;
      startAfter = bucketLayout.behindUsageOf(record.session);
    }
  }
}

/** @throws CorruptBytesError also where it says that it is another one */
function recordAt(session: SessionId, number: number, bytes: Uint8Array): UsageRecord {
  const record = decodeUsageRecord(bytes);
  if (record.session === session && record.number === number) return record;
  throw new CorruptBytesError('a usage record stands under the name of another one');
}
