import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, Random, SessionId } from '@leasehold/foundation';
import { LeaseholdError, UlidSource } from '@leasehold/foundation';
import { encodeUsageRecord, SESSION_QUIET_MS, type DatabaseUsage, type UsageMeter } from '@leasehold/metering';
import { settleCreate, type ObjectStore } from '@leasehold/object-store';

export interface UsageRecorderContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: UsageMeter;
  /** A record could not be written, and will be tried again. */
  readonly onFailed: (error: unknown) => void;
}

export interface UsageRecorderSettings {
  /** Between two records. Nothing is written while nothing happens. */
  readonly intervalMs: number;
}

interface Pending {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Intervals, reads and sizes in one record; more make further ones. Some 5 MB unpacked. */
const RECORD_ENTRIES = 100_000;

/**
 * Puts what a meter was told into the bucket (docs/formats/usage.md), as records of one session, and of another one after a long quiet: sessions of records are no more than that. A record that was begun stays as it is until the bucket has it, also when
 * answers are lost: only then another is begun, so that each telling is in exactly one.
 */
export class UsageRecorder {
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
    private readonly ctx: UsageRecorderContext,
    private readonly settings: UsageRecorderSettings,
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
    this.stopping.abort(new LeaseholdError('closed', 'closed', 'usage is not recorded any more'));
    await Promise.all([this.looping, this.running]);
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    // Ends with stop().
    for (;;) {
      try {
        await this.ctx.clock.sleep(this.settings.intervalMs, signal);
      } catch {
        return;
      }
      await this.record().catch((error: unknown) => signal.aborted || this.ctx.onFailed(error));
    }
  }

  private async recordOnce(): Promise<void> {
    await this.writePending();
    if (this.ctx.meter.isEmpty) return;
    const [from, to] = [this.reachesTo, Math.max(this.reachesTo, Math.floor(this.ctx.clock.now()))];
    const session = this.sessionAt(to);
    this.reachesTo = to;
    this.pending = partsOf(this.ctx.meter.take()).map((databases) => {
      const number = ++this.number;
      const bytes = encodeUsageRecord({ session, number, from, to, databases });
      return { name: bucketLayout.usageRecord(session, number), bytes };
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
        throw new LeaseholdError('internal', 'internal', 'another wrote a usage record of this session');
      this.pending.shift();
    }
  }
}

/** In their order, in parts of a bounded size. */
function partsOf(databases: readonly DatabaseUsage[]): readonly (readonly DatabaseUsage[])[] {
  const parts: DatabaseUsage[][] = [];
  let entries = Infinity;
  for (const usage of databases) {
    const more = 1 + usage.writes.length + usage.reads.length + usage.sizes.length;
    if (entries + more > RECORD_ENTRIES) {
      parts.push([]);
      entries = 0;
    }
    parts.at(-1)?.push(usage);
    entries += more;
  }
  return parts;
}
