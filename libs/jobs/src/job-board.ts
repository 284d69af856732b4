import type { Clock } from '@leasehold/foundation';
import type { Job } from 'bullmq';

import { withDeadline } from './deadline.js';
import { JOB_KINDS, jobKinds, type JobKind } from './job-kinds.js';
import { openBoardQueue, type BoardQueue, type QueueStore } from './queue-store.js';

/** Of one look at a queue. */
const LOOK_TIMEOUT_MS = 10_000;
/** How long a connection may take to close before it is left alone. */
const CLOSE_TIMEOUT_MS = 2_000;
/** Of what a job failed by, which is text of an error. */
const MAX_REASON_CHARS = 500;
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

  /** Lets a failed job run again from its first attempt. @returns false when there is no such failed job */
  retry(kind: JobKind, id: string): Promise<boolean> {
    return this.ask(kind, async (queue) => {
      const job = await queue.job(id);
      if (job === undefined || !(await job.isFailed())) return false;
      try {
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

function failedJobOf({ id, data, failedReason, attemptsMade, finishedOn }: Job): FailedJob {
  return {
    id: id ?? '',
    payload: data as unknown,
    reason: (failedReason ?? '').slice(0, MAX_REASON_CHARS),
    attempts: attemptsMade,
    failedAt: finishedOn,
  };
}
