import type { Version } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { Head, Lookup, Memtable, SstSource } from '@leasehold/engine';
import { View } from '@leasehold/engine';

import type { OwnershipContext } from './context.js';
import type { DurableMark } from './durable-mark.js';
import { OwnerUnavailableError } from './errors.js';
import type { HeldHead } from './held-head.js';
import type { PointInTime } from './reads/point-in-time.js';
import { pastView } from './reads/point-in-time.js';
import { RecentViews } from './reads/recent-views.js';
import { rereading } from './rereading.js';
import type { LastCommit } from './transaction/next-commit.js';
import { lastCommitOf } from './transaction/next-commit.js';
import type { Unflushed } from './unflushed.js';
import { unlessAborted } from './unless-aborted.js';

/** Of all databases of the process. */
const VIEWS = new RecentViews();

/** What the parts of a view are made of, as they are at one moment. */
export interface PresentParts {
  readonly memtables: readonly Memtable[];
  readonly head: Head;
  readonly files: SstSource;
}

/** What the owner of a database sees of it: what it has accepted, over the head as it was last seen. */
export class Contents {
  private readonly place = VIEWS.place();

  constructor(
    private readonly ctx: OwnershipContext,
    private readonly held: HeldHead,
    private readonly unflushed: Unflushed,
    private readonly durable: DurableMark,
  ) {}

  /** Commits that have their number, durable or not. */
  last(): LastCommit {
    return lastCommitOf(this.unflushed.memtables, this.held.head);
  }

  /** Everything accepted, at this wall time. Asks on each new ms whether the session may serve (S1). */
  present(now = this.ctx.clock.now()): View {
    const { head } = this.held;
    const recent = VIEWS.get(this.place, this, head, now);
    if (recent !== undefined) return recent;
    this.ctx.session.assertServing();
    const view = new View({ ...this.parts(), now });
    VIEWS.set(this.place, this, head, now, view);
    return view;
  }

  /**
   * What {@link present} knows of a key at this time. Only expiries depend on the time, so the view may be an earlier one of the same commits:
   * one for each ms would be most of what a read from memory leaves to the collector.
   */
  lookup(key: Uint8Array, now: number): Lookup | Promise<Lookup> {
    const view = VIEWS.latest(this.place, this, this.held.head);
    if (view === undefined) return this.present(now).lookup(key);
    this.ctx.session.assertServing();
    return view.lookup(key, now);
  }

  /** A commit was accepted. */
  changed(): void {
    VIEWS.drop(this.place, this);
  }

  parts(): PresentParts {
    const { store, blocks } = this.ctx;
    return { memtables: this.unflushed.memtables, head: this.held.head, files: { store, cache: blocks } };
  }

  /** Runs a read that may find a file gone (G2), for a caller who waits until the signal aborts, if one is given. */
  reading<T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const reading = rereading(async (again) => {
      if (again) await this.held.reload();
      return read();
    });
    if (signal === undefined) return reading;
    return unlessAborted(reading, [signal], (reason) => new OwnerUnavailableError('not read in time', reason));
  }

  /** Runs a read on the view of a moment, by default the present. @throws FutureVersionError, HistoryGoneError */
  viewing<T>(read: (view: View) => Promise<T>, signal: AbortSignal, at?: PointInTime): Promise<T> {
    return this.reading(() => read(at === undefined ? this.present() : this.past(at)), signal);
  }

  isDurable({ sequence }: Version): boolean {
    return this.durable.isDurable(sequence);
  }

  /** R2, for answers that show commits of others: of the caller's own nothing was applied, whatever became of those. */
  async shown({ sequence }: Pick<Version, 'sequence'>, signal: AbortSignal): Promise<void> {
    if (this.durable.isDurable(sequence)) return;
    const tooLate = (cause: unknown): Error => new OwnerUnavailableError('what was read is not durable yet', cause);
    await unlessAborted(this.durable.until(sequence), [signal], tooLate).catch((error: unknown) => {
      throw isLeaseholdError(error, 'unknown') ? tooLate(error) : error;
    });
  }

  private past(at: PointInTime): View {
    const parts = this.parts();
    return new View({ ...parts, ...pastView(at, parts, this.ctx.clock.now()) });
  }
}
