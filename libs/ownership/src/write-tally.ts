import type { Commit, UsageCounters } from '@leasehold/engine';

/** What became durable, as metering wants it: the commits after `from` up to `to`, all of one hour. */
export type TellWrites = (committedAt: number, from: UsageCounters, to: UsageCounters) => void;

const HOUR_MS = 3_600_000;

/**
 * Tells which commits of one database have become durable, in their order and each once: what is billed is what the bucket has, whatever its writers were told. Nothing
 * is told of commits whose session ended before: whoever takes the database over finds what of them is there, in the log.
 */
export class WriteTally {
  /** Accepted, and not durable yet; none while nothing is on its way: an idle database holds nothing. */
  private pending: Pick<Commit, 'version' | 'committedAt' | 'usage'>[] | undefined;

  /** @param reached what the head contains already */
  constructor(
    private reached: UsageCounters,
    private readonly tell: TellWrites,
  ) {}

  accepted(commit: Pick<Commit, 'version' | 'committedAt' | 'usage'>): void {
    (this.pending ??= []).push(commit);
  }

  /** Everything up to this sequence. */
  durable(sequence: number): void {
    const { pending } = this;
    if (pending === undefined) return;
    let count = 0;
    for (; count < pending.length; count++) {
      const commit = pending[count] as Commit;
      if (commit.version.sequence > sequence) break;
      const next = pending[count + 1];
      const goesOn = next !== undefined && next.version.sequence <= sequence && hourOf(next) === hourOf(commit);
      if (goesOn) continue;
      this.tell(commit.committedAt, this.reached, commit.usage);
      this.reached = commit.usage;
    }
    this.pending = count === pending.length ? undefined : pending.slice(count);
  }
}

function hourOf({ committedAt }: Pick<Commit, 'committedAt'>): number {
  return Math.floor(committedAt / HOUR_MS);
}
