import { LeaseholdError } from '@leasehold/foundation';

/** Too much is waiting for the store. The commit was not taken: its sequence number is free again. */
export class LogOverloadedError extends LeaseholdError {
  override readonly name = 'LogOverloadedError';

  constructor(what: string) {
    super('unavailable', 'overloaded', `commit log is overloaded: ${what}`, { retryAfterMs: 1_000 });
  }
}

/** A segment or rollup that must be there is not. Never taken for the end of the log (L3). */
export class MissingSegmentError extends LeaseholdError {
  override readonly name = 'MissingSegmentError';

  constructor(key: string) {
    super('corrupt', 'missing-segment', `object of the log is missing: ${key}`);
  }
}
