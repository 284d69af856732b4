import type { Clock, Random, SessionId } from '@leasehold/foundation';
import { LeaseholdError, UlidSource } from '@leasehold/foundation';
import { SESSION_QUIET_MS } from '@leasehold/metering';
import { settleCreate, type ObjectStore } from '@leasehold/object-store';

/** Where what is recorded comes from, and how it becomes records. */
export interface RecordSource<Part> {
  /** Nothing was told since the last time. */
  readonly isEmpty: boolean;
  /** What was told since the last time, in parts that are a record each. From here on everything begins anew. */
  take(): readonly Part[];
  name(session: SessionId, number: number): string;
  /** @param of what every record says of itself; times in wall ms since the Unix epoch */
  encode(of: RecordHead, part: Part): Uint8Array;
}

export interface RecordHead {
  readonly session: SessionId;
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export interface SessionRecorderContext<Part> {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly source: RecordSource<Part>;
  /** A record could not be written, and will be tried again. */
  readonly onFailed: (error: unknown) => void;
}

export interface SessionRecorderSettings {
  /** Between two records. Nothing is written while nothing happens. */
  readonly intervalMs: number;
  /** Records are written when the clock passes multiples of the interval, so that what is told by intervals is in one record. */
  readonly isAligned?: boolean;
}

interface Pending {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Puts what a meter was told into the bucket, as records of one session, and of another one after a long quiet: sessions of records are no more than that. A record that was begun stays as it is until the bucket has it, also when
 * answers are lost: only then another is begun, so that each telling is in exactly one.
 */
export class SessionRecorder<Part> {
  private readonly stopping = new AbortController();
  /** Begun, and not known to be in the bucket; oldest first. */
  private pending: Pending[] = [];
  private readonly ids: UlidSource;
  private session: SessionId | undefined;
  private number = 0;
  private reachesTo: number;
  private running: Promise<void> = Promise.resolve();
  private looping: Promise<void> = Promise.resolve();

  constructor(
    private readonly ctx: SessionRecorderContext<Part>,
    private readonly settings: SessionRecorderSettings,
  ) {
    this.reachesTo = ctx.clock.now();
    this.ids = new UlidSource(ctx.clock, ctx.random);
  }

  start(): void {
    this.looping = this.loop();
  }

  /** Everything that was told by now is in the bucket when it resolves. @throws LeaseholdError the bucket does not answer; it may be called again */
  record(): Promise<void> {
    const run = this.running.then(() => this.recordOnce());
    this.running = run.catch(() => undefined);
    return run;
  }

  /** Without recording; {@link record} comes before it. */
  async stop(): Promise<void> {
    this.stopping.abort(new LeaseholdError('closed', 'closed', 'nothing is recorded any more'));
    await Promise.all([this.looping, this.running]);
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    // Ends with stop().
    for (;;) {
      try {
        await this.ctx.clock.sleep(this.untilNextMs(), signal);
      } catch {
        return;
      }
      await this.record().catch((error: unknown) => signal.aborted || this.ctx.onFailed(error));
    }
  }

  private untilNextMs(): number {
    const { intervalMs, isAligned = false } = this.settings;
    return isAligned ? intervalMs - (this.ctx.clock.now() % intervalMs) : intervalMs;
  }

  private async recordOnce(): Promise<void> {
    await this.writePending();
    const { source } = this.ctx;
    if (source.isEmpty) return;
    const [from, to] = [this.reachesTo, Math.max(this.reachesTo, Math.floor(this.ctx.clock.now()))];
    const session = this.sessionAt(to);
    this.reachesTo = to;
    this.pending = source.take().map((part) => {
      const number = ++this.number;
      return { name: source.name(session, number), bytes: source.encode({ session, number, from, to }, part) };
    });
    await this.writePending();
  }

  private sessionAt(time: number): SessionId {
    if (this.session === undefined || time - this.reachesTo > SESSION_QUIET_MS) {
      this.session = this.ids.next() as SessionId;
      this.number = 0;
    }
    return this.session;
  }

  private async writePending(): Promise<void> {
    for (let first = this.pending[0]; first !== undefined; first = this.pending[0]) {
      const { store, clock, random } = this.ctx;
      const settling = { store, clock, random, signal: this.stopping.signal };
      const { outcome } = await settleCreate(settling, first.name, first.bytes);
      if (outcome === 'exists')
        throw new LeaseholdError('internal', 'internal', 'another wrote a record of this session');
      this.pending.shift();
    }
  }
}
