import type { PlannedJob } from './planned-job.js';

/**
 * Jobs that are to be put into the queue, in memory, first in first out, one per key and at most `limit`. What does not
 * fit is refused: losing a job loses time, not data, because a sweep finds what it would have done.
 */
export class PendingJobs {
  private readonly jobs = new Map<string, PlannedJob>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.jobs.size;
  }

  /** False when full. A job whose key waits already is accepted and nothing changes. */
  offer(job: PlannedJob): boolean {
    if (this.jobs.has(job.key)) return true;
    if (this.jobs.size >= this.limit) return false;
    this.jobs.set(job.key, job);
    return true;
  }

  /** Takes the oldest out. From here on an equal job waits anew: the taken one may run before the new reason arose. */
  take(): PlannedJob | undefined {
    const [first] = this.jobs.values();
    if (first !== undefined) this.jobs.delete(first.key);
    return first;
  }
}
