import type { DatabaseId, SessionId } from '@leasehold/foundation';

import type { JobKind, JobPayload } from './job-kinds.js';

/** A job that is to be put into a queue. */
export interface PlannedJob {
  readonly kind: JobKind;
  readonly payload: JobPayload<JobKind>;
  /** Of jobs with one key at most one waits. */
  readonly key: string;
  /** Wall time in ms before which it must not run; 0 for at once. */
  readonly dueAt: number;
  readonly repeats: JobRepeats;
}

/**
 * What becomes of a job that is asked for while an equal one runs, or has just run:
 *
 * - `again`: one more runs when that one ends, because it may have read the bucket before the new reason arose
 * - `once`: it is left out while one waits or runs
 * - `quiet`: it is left out for so long after one was asked for, whatever has become of that one
 * - `schedule`: not a job but the order to run one now and then every so often; a second order changes nothing
 */
export type JobRepeats =
  | { readonly mode: 'again' }
  | { readonly mode: 'once' }
  | { readonly mode: 'quiet'; readonly forMs: number }
  | { readonly mode: 'schedule'; readonly everyMs: number };

const AGAIN: JobRepeats = { mode: 'again' };
const ONCE: JobRepeats = { mode: 'once' };

/** `:` is refused by the queue in names of jobs; a hyphen is not. */
export function planCompaction(databaseId: DatabaseId): PlannedJob {
  return { kind: 'compact', payload: { databaseId }, key: `compact-${databaseId}`, dueAt: 0, repeats: AGAIN };
}

/**
 * Every compactor sees a session fall silent within a second or two of the others, and all of them ask. No session can fall
 * silent twice within this time: its ttl and a tenth have to pass in between.
 */
const SAME_SILENCE_MS = 5_000;
/** A sealed session stays for a day, and every compactor that starts meets it. */
const MET_AGAIN_MS = 3_600_000;

/** @param seen `ending`: it fell silent or was sealed just now; `ended`: it was met in this state */
export function planRecovery(sessionId: SessionId, seen: 'ending' | 'ended'): PlannedJob {
  const forMs = seen === 'ending' ? SAME_SILENCE_MS : MET_AGAIN_MS;
  const repeats: JobRepeats = { mode: 'quiet', forMs };
  return { kind: 'recover', payload: { sessionId }, key: `recover-${seen}-${sessionId}`, dueAt: 0, repeats };
}

export function planPurge(sessionId: SessionId): PlannedJob {
  return { kind: 'purge', payload: { sessionId }, key: `purge-${sessionId}`, dueAt: 0, repeats: ONCE };
}

export function planErasure(databaseId: DatabaseId): PlannedJob {
  return { kind: 'erase', payload: { databaseId }, key: `erase-${databaseId}`, dueAt: 0, repeats: ONCE };
}

/** One sweep, now, that reads every head. */
export function planFullSweep(): PlannedJob {
  return { kind: 'sweep', payload: { full: true }, key: 'sweep-now', dueAt: 0, repeats: ONCE };
}

/** A sweep now, unless the queue knows of one that was less than the interval ago, and then one in each interval. */
export function planSweeps(everyMs: number): PlannedJob {
  return scheduled('sweep', 'sweep-daily', everyMs);
}

/** The same of passes over the usage records of present sessions, and full ones now and then. */
export function planRollUps(everyMs: number, fullEveryMs: number): readonly PlannedJob[] {
  return [scheduled('rollUp', 'roll-up', everyMs), scheduled('rollUp', 'roll-up-full', fullEveryMs, { full: true })];
}

/** The same of traffic records. */
export function planTraffic(everyMs: number, fullEveryMs: number): readonly PlannedJob[] {
  return [
    scheduled('traffic', 'traffic-roll-up', everyMs),
    scheduled('traffic', 'traffic-roll-up-full', fullEveryMs, { full: true }),
  ];
}

/** The same of reconciliations of usage. */
export function planReconciliations(everyMs: number): PlannedJob {
  return scheduled('reconcile', 'reconcile', everyMs);
}

/** The same of looks for months to be billed. */
export function planInvoices(everyMs: number): PlannedJob {
  return scheduled('invoice', 'invoice', everyMs);
}

function scheduled(kind: JobKind, key: string, everyMs: number, payload: JobPayload<JobKind> = {}): PlannedJob {
  return { kind, payload, key, dueAt: 0, repeats: { mode: 'schedule', everyMs } };
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
  if (minAgeMs <= 0) return { kind: 'gc', payload: { databaseId }, key: `gc-${databaseId}`, dueAt: 0, repeats: AGAIN };
  const slot = Math.floor(nowMs / minAgeMs);
  const dueAt = Math.ceil((slot + 1) * minAgeMs + minAgeMs * (1 + GC_CLOCK_MARGIN));
  return { kind: 'gc', payload: { databaseId }, key: `gc-${databaseId}-${slot}`, dueAt, repeats: AGAIN };
}

/** As a fraction of the minimum age: 3 minutes of an hour. */
const GC_CLOCK_MARGIN = 1 / 20;
