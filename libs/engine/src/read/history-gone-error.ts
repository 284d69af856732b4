import { LeaseholdError } from '@leasehold/foundation';

/**
 * What the database was at a version is no longer known: compaction has dropped something that a later commit hid (C1), or a restore has cut
 * the line. Reading again cannot help; reading a newer version can.
 */
export class HistoryGoneError extends LeaseholdError {
  override readonly name = 'HistoryGoneError';

  /** @param sequence asked for; @param horizon from which on everything is known */
  constructor(
    readonly sequence: number,
    readonly horizon: number,
  ) {
    super('invalid', 'history-gone', `history begins after the sequence asked for: ${sequence} < ${horizon}`);
  }
}
