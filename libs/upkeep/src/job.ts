/** How far a job is, for people who look at it. Both only grow; a job that goes on longer than it knew has more to do. */
export interface JobProgress {
  readonly bytes: number;
  readonly ofBytes: number;
}

/** One run of a job, as the queue that runs it shows it. */
export interface JobRun {
  /** Costs nothing; the latest counts. */
  tell(progress: JobProgress): void;
  /** Does the one thing that counts, during which nobody can cancel the job; or rejects because somebody has cancelled it before. */
  commit<T>(work: () => Promise<T>): Promise<T>;
}

/** Of a queue that nobody looks at. */
export const UNSEEN: JobRun = { tell: () => undefined, commit: (work) => work() };

/**
 * The body of one kind of job. It may run twice, late, and beside itself in another process: it commits through CAS or not at all.
 *
 * The signal aborts when nobody waits for this run any more; the job is then run again elsewhere, or later. An error of kind `invalid` or
 * `corrupt` is for people to look at, every other means that the job is to be run again.
 */
export type Job<Payload> = (payload: Payload, signal: AbortSignal, run?: JobRun) => Promise<void>;
