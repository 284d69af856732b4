import { LeaseholdError, type Clock } from '@leasehold/foundation';

import { withDeadline } from './deadline.js';
import type { JobProgress, ToldProgress } from './told-progress.js';

/** Between two tellings of one job. What takes less time tells nothing of how far it is. */
export const TELL_INTERVAL_MS = 1_000;
/** Of one telling. A queue that does not answer holds no job up for longer. */
const TELL_TIMEOUT_MS = 2_000;

/** An operator has cancelled the job. It has left everything as it was, and is put off. */
export class JobCancelledError extends LeaseholdError {
  override readonly name = 'JobCancelledError';

  constructor() {
    super('closed', 'job-cancelled', 'the job was cancelled');
  }
}

/** One run of a job, as its handler sees it. */
export interface JobRun {
  /** How far it is. Costs nothing: it is told to the queue once a second at most. */
  tell(progress: JobProgress): void;
  /**
   * Does the one thing that counts: who asks meanwhile is told that the job cannot be cancelled.
   * @throws JobCancelledError when somebody was faster; then the work is not begun
   */
  commit<T>(work: () => Promise<T>): Promise<T>;
}

/** The place of one job in its queue. */
export interface JobPlace {
  tell(told: ToldProgress): Promise<unknown>;
  /** Whether somebody wants it cancelled; absent where nobody can. */
  readonly isToEnd?: () => Promise<boolean>;
}

/**
 * Tells the queue of a job once a second, and asks it whether the job is to end. A telling that fails is forgotten: the job goes on unseen.
 *
 * Whoever cancels writes first and then looks whether it commits; who commits tells first and then looks whether it is cancelled. So of the two
 * one sees the other, as long as the queue answers.
 */
export class WatchedRun implements JobRun {
  private readonly cancelling = new AbortController();
  private readonly ended = new AbortController();
  private progress: JobProgress | undefined;
  private committing = false;
  /** The one that was begun last, and whether it has come to an end: one that hangs is not followed by others. */
  private telling: Promise<unknown> = Promise.resolve();
  private isTelling = false;

  constructor(
    private readonly place: JobPlace,
    private readonly clock: Clock,
    private readonly startedAt: number,
  ) {}

  /** Aborts, with a {@link JobCancelledError}, when the job is cancelled. */
  get cancelled(): AbortSignal {
    return this.cancelling.signal;
  }

  tell(progress: JobProgress): void {
    this.progress = progress;
  }

  async commit<T>(work: () => Promise<T>): Promise<T> {
    this.committing = true;
    try {
      // One that began before may tell that nothing is committed yet.
      await withDeadline(this.clock, TELL_TIMEOUT_MS, this.telling).catch(() => undefined);
      if (await this.isToEnd()) this.cancel();
      this.cancelled.throwIfAborted();
      return await work();
    } finally {
      this.committing = false;
    }
  }

  /** Until {@link end}. Never rejects. */
  async watch(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      await this.clock.sleep(TELL_INTERVAL_MS, signal).catch(() => undefined);
      if (!signal.aborted && (await this.isToEnd()) && !this.committing) this.cancel();
    }
  }

  end(): void {
    this.ended.abort(new Error('the job has ended'));
  }

  private cancel(): void {
    this.cancelling.abort(new JobCancelledError());
  }

  /** Tells how far it is, too. False where the queue does not answer in time: the connection's trouble is logged where it is open. */
  private async isToEnd(): Promise<boolean> {
    if (this.isTelling) return false;
    this.isTelling = true;
    const asked = this.ask().finally(() => (this.isTelling = false));
    this.telling = asked.catch(() => undefined);
    return withDeadline(this.clock, TELL_TIMEOUT_MS, asked, this.ended.signal).catch(() => false);
  }

  private async ask(): Promise<boolean> {
    const { startedAt, committing, progress } = this;
    await this.place.tell({ startedAt, toldAt: this.clock.now(), committing, progress });
    return (await this.place.isToEnd?.()) ?? false;
  }
}
