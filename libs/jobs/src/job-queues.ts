import type { Clock, DatabaseId, SessionId } from '@leasehold/foundation';
import type { JobsOptions } from 'bullmq';

import { withDeadline } from './deadline.js';
import { IntervalLog, messageOf, type JobLog } from './interval-log.js';
import { JOB_KINDS, type JobKind } from './job-kinds.js';
import { PendingJobs } from './pending-jobs.js';
import {
  planCompaction,
  planErasure,
  planGc,
  planPurge,
  planInvoices,
  planReconciliations,
  planRecovery,
  planFullSweep,
  planRollUps,
  planSweeps,
  planTraffic,
  type PlannedJob,
} from './planned-job.js';
import { openProducer, type QueueProducer, type QueueStore } from './queue-store.js';

export interface JobQueuesContext {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly log: JobLog;
}

export interface JobQueuesSettings {
  /** Age at which collectGarbage may delete a file; collections are delayed by it. */
  readonly gcMinAgeMs: number;
  /** Attempts of a job, the first included, before it is set aside as failed. */
  readonly attempts: number;
  /** Wait before the second attempt; doubles with each further one. */
  readonly backoffMs: number;
  /** Jobs kept in memory while the queue is slow or away; further ones are dropped and counted. */
  readonly maxPending: number;
  /** Until one attempt to put a job into the queue counts as failed. */
  readonly addTimeoutMs: number;
  /** Wait after a failed attempt; doubles up to {@link maxRetryDelayMs}. */
  readonly retryDelayMs: number;
  readonly maxRetryDelayMs: number;
  /** A queue that is away, or a dropped job, is logged at most this often. */
  readonly logIntervalMs: number;
}

export const DEFAULT_JOB_QUEUES_SETTINGS: JobQueuesSettings = {
  gcMinAgeMs: 3_600_000,
  attempts: 5,
  backoffMs: 5_000,
  maxPending: 10_000,
  addTimeoutMs: 10_000,
  retryDelayMs: 500,
  maxRetryDelayMs: 15_000,
  logIntervalMs: 60_000,
};

/** Counters since the start of this producer, for metrics. */
export interface JobQueuesCounts {
  /** Put into a queue, or collapsed there with an equal job. */
  readonly added: number;
  /** Attempts that failed; the job is kept and tried again. */
  readonly failed: number;
  /** Given up: too many were pending, or the producer was closed. */
  readonly dropped: number;
  readonly pending: number;
}

/** Finished jobs are kept for people who look; they never stand in the way of a new one, which has an id of its own. */
const KEEP_COMPLETED = { count: 100 };
const KEEP_FAILED = { count: 1_000, age: 7 * 24 * 3_600 };

/** Between two looks for room. */
const ROOM_POLL_MS = 50;

/** How long a connection may take to close before it is left alone. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * The sending side of the job queues. Fire and forget: an enqueue returns at once, never throws, and takes no time of
 * the caller's; a queue that is down is noticed in the background, logged once per interval and tried again. A job
 * that is lost with this process costs time, never data: a sweep finds what it would have done.
 *
 * Equal jobs collapse: of one key at most one waits. What becomes of one that is asked for while an equal one runs, its
 * kind tells (`JobRepeats`).
 */
export class JobQueues {
  private readonly settings: JobQueuesSettings;
  private readonly pending: PendingJobs;
  private readonly producers = new Map<JobKind, QueueProducer>();
  private readonly trouble: IntervalLog;
  private readonly stop = new AbortController();
  private pumping = false;
  private idle: Promise<void> = Promise.resolve();
  private added = 0;
  private failed = 0;
  private dropped = 0;

  constructor(
    private readonly context: JobQueuesContext,
    settings: Partial<JobQueuesSettings> = {},
  ) {
    this.settings = { ...DEFAULT_JOB_QUEUES_SETTINGS, ...settings };
    this.pending = new PendingJobs(this.settings.maxPending);
    this.trouble = new IntervalLog(context.log, context.clock, this.settings.logIntervalMs);
  }

  /** Asks for a compaction of the database, soon. */
  enqueueCompaction(databaseId: DatabaseId): void {
    this.enqueue(planCompaction(databaseId));
  }

  /** Asks for the collection of files that are garbage by now, once they are old enough. */
  enqueueGc(databaseId: DatabaseId): void {
    this.enqueue(planGc(databaseId, this.context.clock.now(), this.settings.gcMinAgeMs));
  }

  /** Asks for the recovery of what an ended session left in its log: at once when it has just ended, else unless that was asked for lately. */
  enqueueRecovery(sessionId: SessionId, seen: 'ending' | 'ended'): void {
    this.enqueue(planRecovery(sessionId, seen));
  }

  /** Asks for the deletion of what an ended session left. */
  enqueuePurge(sessionId: SessionId): void {
    this.enqueue(planPurge(sessionId));
  }

  /** Asks for the deletion of what a database has in the bucket, if its window has passed. */
  enqueueErasure(databaseId: DatabaseId): void {
    this.enqueue(planErasure(databaseId));
  }

  /** Asks for a sweep now, one that reads every head. */
  enqueueFullSweep(): void {
    this.enqueue(planFullSweep());
  }

  /** Sees to it that there is a sweep in each interval; the first at once where the queue knows of none. To be repeated now and then: the queue may be lost. */
  scheduleSweeps(everyMs: number): void {
    this.enqueue(planSweeps(everyMs));
  }

  /** The same of roll-ups of usage, which are few and each costs little, and of those that look at everything. */
  scheduleRollUps(everyMs: number, fullEveryMs: number): void {
    for (const job of planRollUps(everyMs, fullEveryMs)) this.enqueue(job);
  }

  /** The same of roll-ups of traffic. */
  scheduleTraffic(everyMs: number, fullEveryMs: number): void {
    for (const job of planTraffic(everyMs, fullEveryMs)) this.enqueue(job);
  }

  /** The same of reconciliations of usage. */
  scheduleReconciliations(everyMs: number): void {
    this.enqueue(planReconciliations(everyMs));
  }

  /** The same of looks for months to be billed. */
  scheduleInvoices(everyMs: number): void {
    this.enqueue(planInvoices(everyMs));
  }

  /**
   * Resolves when at least half of the room for pending jobs is free, so that whoever asks for many does not lose any.
   * @throws the signal's reason
   */
  async room(signal: AbortSignal): Promise<void> {
    while (this.pending.size > this.settings.maxPending / 2) {
      await this.context.clock.sleep(ROOM_POLL_MS, AbortSignal.any([signal, this.stop.signal]));
    }
  }

  counts(): JobQueuesCounts {
    return { added: this.added, failed: this.failed, dropped: this.dropped, pending: this.pending.size };
  }

  /** Sends what is pending for at most `flushTimeoutMs`, drops the rest, disconnects. Idempotent. Never throws. */
  async close(flushTimeoutMs = 2_000): Promise<void> {
    if (!this.stop.signal.aborted) {
      await withDeadline(this.context.clock, flushTimeoutMs, this.idle).catch(() => undefined);
      this.stop.abort(new Error('the producer is closed'));
    }
    await this.idle;
    while (this.pending.take() !== undefined) this.dropped++;
    await Promise.all([...this.producers.keys()].map((kind) => this.discard(kind)));
  }

  private enqueue(job: PlannedJob): void {
    if (this.stop.signal.aborted || !this.pending.offer(job)) {
      this.dropped++;
      this.trouble.warn({ kind: job.kind, dropped: this.dropped, pending: this.pending.size }, 'job dropped');
      return;
    }
    if (this.pumping) return;
    this.pumping = true;
    this.idle = this.pump();
  }

  private async pump(): Promise<void> {
    // The first connection is built elsewhere than in the caller's turn.
    await this.context.clock.sleep(0).catch(() => undefined);
    let delayMs = this.settings.retryDelayMs;
    while (!this.stop.signal.aborted) {
      const job = this.pending.take();
      if (job === undefined) break;
      try {
        await withDeadline(this.context.clock, this.settings.addTimeoutMs, this.add(job), this.stop.signal);
        this.added++;
        delayMs = this.settings.retryDelayMs;
      } catch (error) {
        await this.recover(job, error, delayMs);
        delayMs = Math.min(delayMs * 2, this.settings.maxRetryDelayMs);
      }
    }
    // In the same turn as the last look at the pending jobs, so that no enqueue falls between the two.
    this.pumping = false;
  }

  private async recover(job: PlannedJob, error: unknown, delayMs: number): Promise<void> {
    this.failed++;
    if (!this.pending.offer(job)) this.dropped++;
    this.trouble.warn(
      { kind: job.kind, pending: this.pending.size, reason: messageOf(error) },
      'job queue unavailable',
    );
    void this.discard(job.kind);
    await this.context.clock.sleep(delayMs, this.stop.signal).catch(() => undefined);
  }

  private async add(job: PlannedJob): Promise<void> {
    const producer = this.producer(job.kind);
    if (job.repeats.mode === 'schedule') {
      await producer.schedule(job.key, job.repeats.everyMs, job.kind, job.payload, this.options());
      return;
    }
    const delay = Math.max(0, Math.ceil(job.dueAt - this.context.clock.now()));
    await producer.add(job.kind, job.payload, { ...this.options(), delay, deduplication: deduplicationOf(job) });
  }

  private options(): JobsOptions {
    return {
      attempts: this.settings.attempts,
      backoff: { type: 'exponential', delay: this.settings.backoffMs, jitter: 0.5 },
      removeOnComplete: KEEP_COMPLETED,
      removeOnFail: KEEP_FAILED,
    };
  }

  private producer(kind: JobKind): QueueProducer {
    let producer = this.producers.get(kind);
    if (producer === undefined) {
      producer = openProducer(this.context.store, JOB_KINDS[kind].queue, (error) =>
        this.trouble.warn({ kind, reason: messageOf(error) }, 'job queue unavailable'),
      );
      this.producers.set(kind, producer);
    }
    return producer;
  }

  /** Lets go of a connection that failed; the next job opens another. */
  private async discard(kind: JobKind): Promise<void> {
    const producer = this.producers.get(kind);
    this.producers.delete(kind);
    // A connection that hangs also hangs in closing.
    if (producer === undefined) return;
    await withDeadline(this.context.clock, CLOSE_TIMEOUT_MS, producer.close()).catch(() => undefined);
  }
}

function deduplicationOf({ key, repeats }: PlannedJob): JobsOptions['deduplication'] {
  if (repeats.mode === 'again') return { id: key, keepLastIfActive: true };
  if (repeats.mode === 'quiet') return { id: key, ttl: repeats.forMs };
  return { id: key };
}
