import type { Clock } from '@leasehold/foundation';
import type { Job } from 'bullmq';

import { hasCancelMark, withCancelMark, withoutCancelMark } from './cancel-mark.js';
import { withDeadline } from './deadline.js';
import { CANCELLABLE, JOB_KINDS, jobKinds, type JobKind } from './job-kinds.js';
import { openBoardQueue, type BoardQueue, type QueueStore } from './queue-store.js';
import { runningJobOf, type RunningJob } from './running-job.js';
import { toldProgressOf } from './told-progress.js';

/** Of one look at a queue. */
const LOOK_TIMEOUT_MS = 10_000;
/** How long a connection may take to close before it is left alone. */
const CLOSE_TIMEOUT_MS = 2_000;
/** Of what a job failed by, which is text of an error. */
const MAX_REASON_CHARS = 500;
/** Of one kind; each compactor runs a handful at once. */
const MOST_RUNNING = 100;
const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

export interface JobCounts {
  readonly kind: JobKind;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/** A job that was set aside after its last attempt. */
export interface FailedJob {
  readonly id: string;
  readonly payload: unknown;
  readonly reason: string;
  readonly attempts: number;
  /** Ms since the Unix epoch. */
  readonly failedAt: number | undefined;
}

/**
 * - `asked`: it ends within some seconds, and has changed nothing
 * - `gone`: no such job runs
 * - `too-late`: it is doing the one thing that counts, or jobs of its kind are not cancelled. Where it was about to in this very moment it may end all
 *   the same, having changed nothing, and run again later
 */
export type CancelOutcome = 'asked' | 'gone' | 'too-late';

/**
 * The queues as operators see them. Opens a connection for each kind when it is first asked for, and keeps it; one that failed is opened anew.
 * Every method rejects when the server does not answer in time.
 */
export class JobBoard {
  private readonly queues = new Map<JobKind, BoardQueue>();

  constructor(
    private readonly store: QueueStore,
    private readonly clock: Clock,
    private readonly lookTimeoutMs = LOOK_TIMEOUT_MS,
  ) {}

  counts(): Promise<readonly JobCounts[]> {
    return Promise.all(
      jobKinds().map((kind) =>
        this.ask(kind, async (queue) => {
          const { waiting = 0, active = 0, delayed = 0, failed = 0 } = await queue.counts(...STATES);
          return { kind, waiting, active, delayed, failed };
        }),
      ),
    );
  }

  /** The latest first, of those that are kept (1,000, for 7 days). */
  failed(kind: JobKind, offset: number, limit: number): Promise<readonly FailedJob[]> {
    return this.ask(kind, async (queue) => (await queue.failed(offset, offset + limit - 1)).map(failedJobOf));
  }

  /** What processes have in hand, that of the longest run first; {@link MOST_RUNNING} of each kind at most. */
  async running(): Promise<readonly RunningJob[]> {
    const found = await Promise.all(
      jobKinds().map((kind) =>
        this.ask(kind, async (queue) => {
          const jobs = await queue.active(0, MOST_RUNNING - 1);
          const now = this.clock.now();
          return jobs.map((job) => runningJobOf(kind, job, now));
        }),
      ),
    );
    return found.flat().sort((a, b) => a.startedAt - b.startedAt);
  }

  /** One that a process has in hand; undefined: no such job runs. */
  runningJob(kind: JobKind, id: string): Promise<RunningJob | undefined> {
    return this.ask(kind, async (queue) => {
      const job = await activeJob(queue, id);
      return job && runningJobOf(kind, job, this.clock.now());
    });
  }

  /** Asks a job that runs to end. Idempotent. */
  cancel(kind: JobKind, id: string): Promise<CancelOutcome> {
    return this.ask(kind, async (queue) => {
      const job = await activeJob(queue, id);
      if (job === undefined) return 'gone';
      if (!CANCELLABLE.has(kind) || isCommitting(job)) return 'too-late';
      if (hasCancelMark(job.data)) return 'asked';
      if (!(await changeData(queue, job, withCancelMark(job.data)))) return 'gone';
      // It may have begun to commit between the two; who commits tells before it looks for the mark. Each may see the other, and then neither knows it.
      const marked = await activeJob(queue, id);
      if (marked === undefined) return 'gone';
      if (!isCommitting(marked)) return 'asked';
      await changeData(queue, marked, withoutCancelMark(marked.data));
      return 'too-late';
    });
  }

  /** Lets a failed job run again from its first attempt. @returns false when there is no such failed job */
  retry(kind: JobKind, id: string): Promise<boolean> {
    return this.ask(kind, async (queue) => {
      const job = await queue.job(id);
      if (job === undefined || !(await job.isFailed())) return false;
      try {
        if (hasCancelMark(job.data)) await job.updateData(withoutCancelMark(job.data));
        await job.retry('failed', { resetAttemptsMade: true });
      } catch (error) {
        if (await job.isFailed()) throw error;
        // Somebody else was faster.
        return false;
      }
      return true;
    });
  }

  async close(): Promise<void> {
    const open = [...this.queues.values()];
    this.queues.clear();
    await Promise.all(open.map((queue) => this.closeQueue(queue)));
  }

  private async ask<T>(kind: JobKind, work: (queue: BoardQueue) => Promise<T>): Promise<T> {
    const queue = this.queues.get(kind) ?? openBoardQueue(this.store, JOB_KINDS[kind].queue, () => undefined);
    this.queues.set(kind, queue);
    try {
      return await withDeadline(this.clock, this.lookTimeoutMs, work(queue));
    } catch (error) {
      if (this.queues.get(kind) === queue) this.queues.delete(kind);
      void this.closeQueue(queue);
      throw error;
    }
  }

  private closeQueue(queue: BoardQueue): Promise<void> {
    return withDeadline(this.clock, CLOSE_TIMEOUT_MS, queue.close()).catch(() => undefined);
  }
}

async function activeJob(queue: BoardQueue, id: string): Promise<Job | undefined> {
  const job = await queue.job(id);
  return job !== undefined && (await job.isActive()) ? job : undefined;
}

/** @returns false, and nothing is changed, when the job has ended meanwhile */
async function changeData(queue: BoardQueue, job: Job, data: unknown): Promise<boolean> {
  try {
    await job.updateData(data);
    return true;
  } catch (error) {
    if ((await activeJob(queue, job.id ?? '')) !== undefined) throw error;
    return false;
  }
}

function isCommitting({ progress, processedOn }: Job): boolean {
  return toldProgressOf(progress, processedOn ?? 0)?.committing ?? false;
}

function failedJobOf({ id, data, failedReason, attemptsMade, finishedOn }: Job): FailedJob {
  return {
    id: id ?? '',
    payload: withoutCancelMark(data),
    reason: (failedReason ?? '').slice(0, MAX_REASON_CHARS),
    attempts: attemptsMade,
    failedAt: finishedOn,
  };
}
