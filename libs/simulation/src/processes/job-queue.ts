import type { DatabaseId, Random, SessionId } from '@leasehold/foundation';

import type { VirtualWorld } from '../world/virtual-world.js';

export type SimJob =
  | { readonly kind: 'compact' | 'gc'; readonly databaseId: DatabaseId }
  | { readonly kind: 'recover' | 'purge'; readonly sessionId: SessionId };

export interface JobQueueSettings {
  /** Probabilities per job that is added. */
  readonly duplicate: number;
  readonly late: number;
  readonly lost: number;
  readonly gcDelayMs: number;
}

interface Waiting {
  readonly job: SimJob;
  readonly dueMs: number;
}

/** A late job waits so long at most. */
const LATE_MS = 20_000;
/** Past it jobs are dropped: a queue is no place to keep anything. */
const LIMIT_JOBS = 1_000;

/**
 * The job queue as its users may rely on it: at least once, in no order, late, twice, or, when it loses its memory, not at all. One of a kind for one thing waits
 * at a time, as with the real one.
 */
export class JobQueue {
  private waiting: Waiting[] = [];
  private readonly random: Random;

  constructor(
    private readonly world: VirtualWorld,
    public settings: JobQueueSettings,
  ) {
    this.random = world.stream('queue');
  }

  enqueueCompaction(databaseId: DatabaseId): void {
    this.add({ kind: 'compact', databaseId });
  }

  enqueueGc(databaseId: DatabaseId): void {
    this.add({ kind: 'gc', databaseId }, this.settings.gcDelayMs);
  }

  enqueueRecovery(sessionId: SessionId): void {
    this.add({ kind: 'recover', sessionId });
  }

  enqueuePurge(sessionId: SessionId): void {
    this.add({ kind: 'purge', sessionId });
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  take(): SimJob | undefined {
    const now = this.world.clock.monotonic();
    const at = this.waiting.findIndex(({ dueMs }) => dueMs <= now);
    return at === -1 ? undefined : this.waiting.splice(at, 1)[0]?.job;
  }

  /** Its memory is gone. */
  flush(): void {
    this.waiting = [];
  }

  private add(job: SimJob, delayMs = 0): void {
    const { counts, clock } = this.world;
    const name = JSON.stringify(job);
    if (this.waiting.length >= LIMIT_JOBS || this.waiting.some((other) => JSON.stringify(other.job) === name)) return;
    const draw = this.random.fraction();
    const { lost, late, duplicate } = this.settings;
    const dueMs = clock.monotonic() + delayMs;
    if (draw < lost) return counts.fault('job-lost');
    if (draw < lost + late) {
      counts.fault('job-late');
      this.waiting.push({ job, dueMs: dueMs + LATE_MS * this.random.fraction() });
      return;
    }
    this.waiting.push({ job, dueMs });
    if (draw >= lost + late + duplicate) return;
    counts.fault('job-duplicated');
    this.waiting.push({ job, dueMs: dueMs + LATE_MS * this.random.fraction() ** 2 });
  }
}
