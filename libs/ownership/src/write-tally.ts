import type { Commit, UsageCounters } from '@leasehold/engine';
import { hourOf } from '@leasehold/metering';

/** What became durable, as metering wants it: the commits after `from` up to `to`, all of one hour. */
export type TellWrites = (committedAt: number, from: UsageCounters, to: UsageCounters) => void;

type Counted = Pick<Commit, 'version' | 'committedAt' | 'usage'>;

/** Told already, and still in the list. */
const KEPT_TOLD = 256;

/**
 * Tells which commits of one database have become durable, in their order and each once: what is billed is what the bucket has, whatever its writers were told. Nothing
 * is told of commits whose session ended before: whoever takes the database over finds what of them is there, in the log.
 */
export class WriteTally {
  /** Accepted, and not durable yet, from {@link first} on; none while nothing is on its way: an idle database holds nothing. */
  private pending: Counted[] | undefined;
  private first = 0;

  /** @param reached what the head contains already */
  constructor(
    private reached: UsageCounters,
    private readonly tell: TellWrites,
  ) {}

  /** Of the commit nothing is kept but what is counted: its values may be views on what was received, and megabytes. */
  accepted({ version, committedAt, usage }: Counted): void {
    (this.pending ??= []).push({ version, committedAt, usage });
  }

  /** Everything up to this sequence. */
  durable(sequence: number): void {
    const { pending } = this;
    if (pending === undefined) return;
    let last: Counted | undefined;
    for (; this.first < pending.length; this.first++) {
      const commit = pending[this.first] as Counted;
      if (commit.version.sequence > sequence) break;
      if (last !== undefined && hourOf(last.committedAt) !== hourOf(commit.committedAt)) this.told(last);
      last = commit;
    }
    if (last !== undefined) this.told(last);
    this.shorten(pending);
  }

  private told({ committedAt, usage }: Counted): void {
    this.tell(committedAt, this.reached, usage);
    this.reached = usage;
  }

  /** Now and then: a list that is cut at each commit costs as much as it is long. */
  private shorten(pending: Counted[]): void {
    if (this.first === pending.length) this.pending = undefined;
    else if (this.first > KEPT_TOLD && this.first > pending.length / 2) pending.splice(0, this.first);
    else return;
    this.first = 0;
  }
}
