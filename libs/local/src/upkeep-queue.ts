import { setMaxListeners } from 'node:events';

import { isLeaseholdError } from '@leasehold/foundation';
import type { Clock, DatabaseId, SessionId, Timer } from '@leasehold/foundation';
import type {
  DatabaseJobs,
  DatabaseQueues,
  RecoveryQueue,
  SessionJobs,
  SweepJob,
  SweepQueues,
} from '@leasehold/upkeep';

export type UpkeepJobs = DatabaseJobs & SessionJobs & SweepJob;
type Kind = keyof UpkeepJobs;

export interface UpkeepQueueSettings {
  /** Garbage is looked for so long after it was made. */
  readonly gcDelayMs: number;
  /** Of one kind. Further ones are left to a sweep. */
  readonly maxWaiting: number;
  /** Of one job, the first included. */
  readonly attempts: number;
  readonly retryDelayMs: number;
}

export const DEFAULT_UPKEEP_QUEUE_SETTINGS = { maxWaiting: 1_000, attempts: 5, retryDelayMs: 1_000 } as const;

export type JobFailure = (kind: Kind, error: unknown) => void;

interface Entry {
  readonly key: string;
  readonly attempt: number;
  readonly run: (jobs: UpkeepJobs, signal: AbortSignal) => Promise<void>;
}

/** Jobs of one kind, one at a time: no kind waits for another, and none of them takes more than its share of the process. */
interface Lane {
  readonly waiting: Map<string, Entry>;
  readonly delayed: Map<string, Timer>;
  running: Promise<void> | undefined;
}

const KINDS: readonly Kind[] = ['compact', 'gc', 'recover', 'purge', 'sweep'];
/** Every request of every job listens for the end; the default of 10 is a guess at leaks. */
const STOPPED_LISTENERS_LIMIT = 1_000;
/** While a sweep asks for more than fits. */
const ROOM_POLL_MS = 20;

/**
 * The queue of a process that does its upkeep itself. Of equal jobs one waits; one that is asked for while an equal one runs, runs after it. What is
 * lost with the process costs time, never data, as with any queue: a sweep finds what it would have done.
 */
export class UpkeepQueue implements SweepQueues, DatabaseQueues, RecoveryQueue {
  private readonly lanes = new Map<Kind, Lane>(
    KINDS.map((kind) => [kind, { waiting: new Map(), delayed: new Map(), running: undefined }]),
  );
  private readonly stopped = new AbortController();
  private readonly failureWatchers = new Set<(error: unknown) => void>();
  private jobs: UpkeepJobs | undefined;

  /** Where a sweep asks: what it finds to collect has its age already, and a process that lives for seconds has no later. */
  readonly ofSweep: SweepQueues = {
    enqueueCompaction: (id) => this.enqueueCompaction(id),
    enqueueGc: (id) => this.collect(id),
    enqueueRecovery: (id) => this.enqueueRecovery(id),
    enqueuePurge: (id) => this.enqueuePurge(id),
    room: (signal) => this.room(signal),
  };

  constructor(
    private readonly clock: Clock,
    private readonly settings: UpkeepQueueSettings,
    private readonly onFailed: JobFailure,
  ) {
    setMaxListeners(STOPPED_LISTENERS_LIMIT, this.stopped.signal);
  }

  /** Until then jobs wait. */
  start(jobs: UpkeepJobs): void {
    this.jobs = jobs;
    for (const kind of KINDS) this.pump(kind);
  }

  enqueueCompaction(databaseId: DatabaseId): void {
    this.add('compact', databaseId, (jobs, signal) => jobs.compact({ databaseId }, signal));
  }

  enqueueGc(databaseId: DatabaseId): void {
    const { delayed } = this.lane('gc');
    if (this.stopped.signal.aborted || delayed.has(databaseId) || delayed.size >= this.settings.maxWaiting) return;
    const begin = (): void => {
      delayed.delete(databaseId);
      this.collect(databaseId);
    };
    delayed.set(databaseId, this.clock.schedule(this.settings.gcDelayMs, begin));
  }

  enqueueRecovery(sessionId: SessionId): void {
    this.add('recover', sessionId, (jobs, signal) => jobs.recover({ sessionId }, signal));
  }

  enqueuePurge(sessionId: SessionId): void {
    this.add('purge', sessionId, (jobs, signal) => jobs.purge({ sessionId }, signal));
  }

  enqueueSweep(full: boolean): void {
    this.add('sweep', `${full}`, (jobs, signal) => jobs.sweep({ full }, signal));
  }

  /**
   * A full sweep and all that it asks for. @throws the first failure of a job since it was asked for, once no job runs any more; some
   * of the jobs are tried again later
   */
  async sweep(): Promise<void> {
    const failures: unknown[] = [];
    const watch = (error: unknown): void => {
      if (failures.length === 0) failures.push(error);
    };
    this.failureWatchers.add(watch);
    try {
      this.enqueueSweep(true);
      await this.idle();
    } finally {
      this.failureWatchers.delete(watch);
    }
    if (failures.length > 0) throw failures[0];
  }

  async room(signal: AbortSignal): Promise<void> {
    const isFull = () => KINDS.some((kind) => this.lane(kind).waiting.size >= this.settings.maxWaiting / 2);
    while (isFull()) await this.clock.sleep(ROOM_POLL_MS, signal);
  }

  /** Resolves when no job runs or waits, those that wait for their time apart. */
  async idle(): Promise<void> {
    for (;;) {
      const running = [...this.lanes.values()].flatMap((lane) => lane.running ?? []);
      if (running.length === 0) return;
      await Promise.all(running);
    }
  }

  /** Tells what runs to stop, and waits until it has. */
  async close(): Promise<void> {
    this.stopped.abort(new Error('the process ends'));
    for (const lane of this.lanes.values()) {
      lane.waiting.clear();
      for (const timer of lane.delayed.values()) timer.cancel();
      lane.delayed.clear();
    }
    await this.idle();
  }

  private collect(databaseId: DatabaseId): void {
    this.add('gc', databaseId, (jobs, signal) => jobs.gc({ databaseId }, signal));
  }

  private add(kind: Kind, key: string, run: Entry['run'], attempt = 1): void {
    const { waiting } = this.lane(kind);
    if (this.stopped.signal.aborted || waiting.size >= this.settings.maxWaiting) return;
    if (!waiting.has(key)) waiting.set(key, { key, attempt, run });
    this.pump(kind);
  }

  private pump(kind: Kind): void {
    const lane = this.lane(kind);
    const { jobs } = this;
    if (jobs === undefined || lane.running !== undefined || lane.waiting.size === 0) return;
    // Not at once: what a job asks for before it first waits would find nobody at work.
    lane.running = Promise.resolve()
      .then(() => this.runAll(kind, lane, jobs))
      .finally(() => {
        lane.running = undefined;
        this.pump(kind);
      });
  }

  private async runAll(kind: Kind, lane: Lane, jobs: UpkeepJobs): Promise<void> {
    const { signal } = this.stopped;
    for (const entry of lane.waiting.values()) {
      lane.waiting.delete(entry.key);
      try {
        await entry.run(jobs, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.onFailed(kind, error);
        for (const watch of this.failureWatchers) watch(error);
        this.retry(kind, entry, error);
      }
    }
  }

  private retry(kind: Kind, { key, attempt, run }: Entry, error: unknown): void {
    // Trying again cannot help, somebody has to look.
    if (isLeaseholdError(error, 'invalid') || isLeaseholdError(error, 'corrupt')) return;
    if (attempt >= this.settings.attempts) return;
    this.clock.schedule(this.settings.retryDelayMs * 2 ** (attempt - 1), () => this.add(kind, key, run, attempt + 1));
  }

  private lane(kind: Kind): Lane {
    return this.lanes.get(kind) as Lane;
  }
}
