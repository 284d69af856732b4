import { LeaseholdError } from '@leasehold/foundation';

/** Too much is waiting for the store. The commit was not taken: its sequence number is free again. */
export class LogOverloadedError extends LeaseholdError {
  override readonly name = 'LogOverloadedError';

  constructor(what: string) {
    super('unavailable', 'overloaded', `commit log is overloaded: ${what}`, { retryAfterMs: 1_000 });
  }
}

/** A segment that must be there is not. Never taken for the end of the log (L3). */
export class MissingSegmentError extends LeaseholdError {
  override readonly name = 'MissingSegmentError';

  constructor(key: string) {
    super('corrupt', 'missing-segment', `log segment is missing: ${key}`);
  }
}

/** The record names rollups, which this version does not read. Guessing without them would lose commits. */
export class UnsupportedRollupError extends LeaseholdError {
  override readonly name = 'UnsupportedRollupError';

  constructor(sessionId: string) {
    super(
      'corrupt',
      'unsupported-rollup',
      `session record names rollups, which this version cannot read: ${sessionId}`,
    );
  }
}
