import type { DatabaseId } from '@leasehold/foundation';

import type { JobKind, JobPayload } from './job-kinds.js';

/** A job that is to be put into a queue. */
export interface PlannedJob {
  readonly kind: JobKind;
  readonly payload: JobPayload<JobKind>;
  /** Of jobs with one key at most one waits; while one runs, at most one more waits behind it. */
  readonly key: string;
  /** Wall time in ms before which it must not run; 0 for at once. */
  readonly dueAt: number;
}

/** `:` is refused by the queue in names of jobs; a hyphen is not. */
export function planCompaction(databaseId: DatabaseId): PlannedJob {
  return { kind: 'compact', payload: { databaseId }, key: `compact-${databaseId}`, dueAt: 0 };
}

/**
 * Garbage may be deleted only when it is `minAgeMs` old, so the job runs later than it is asked for. Time is cut into
 * slots of `minAgeMs`, and everything asked for within one slot is done by one job, `minAgeMs` and a margin after the
 * slot's end. So nothing is collected too early to find anything, a database that is compacted all the time is still
 * collected every `minAgeMs` (a job that was put off at every new request would starve), and at most three jobs of one
 * database wait.
 *
 * The margin is for the store's clock, by which ages are judged: it may be behind ours.
 */
export function planGc(databaseId: DatabaseId, nowMs: number, minAgeMs: number): PlannedJob {
  if (minAgeMs <= 0) return { kind: 'gc', payload: { databaseId }, key: `gc-${databaseId}`, dueAt: 0 };
  const slot = Math.floor(nowMs / minAgeMs);
  const dueAt = Math.ceil((slot + 1) * minAgeMs + minAgeMs * (1 + GC_CLOCK_MARGIN));
  return { kind: 'gc', payload: { databaseId }, key: `gc-${databaseId}-${slot}`, dueAt };
}

/** As a fraction of the minimum age: 3 minutes of an hour. */
const GC_CLOCK_MARGIN = 1 / 20;
