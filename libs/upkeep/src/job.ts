/**
 * The body of one kind of job. It may run twice, late, and beside itself in another process: it commits through CAS or not at all.
 *
 * The signal aborts when nobody waits for this run any more; the job is then run again elsewhere. An error of kind `invalid` or
 * `corrupt` is for people to look at, every other means that the job is to be run again.
 */
export type Job<Payload> = (payload: Payload, signal: AbortSignal) => Promise<void>;
