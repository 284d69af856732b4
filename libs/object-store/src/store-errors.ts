import { LeaseholdError } from '@leasehold/foundation';
import type { ErrorDetails } from '@leasehold/foundation';

/** The store gave no usable answer to a call that changes nothing (or that may be repeated freely). Repeat it later. */
export class StoreUnavailableError extends LeaseholdError {
  override readonly name = 'StoreUnavailableError';

  constructor(message: string, details?: ErrorDetails) {
    super('unavailable', 'store-unavailable', message, details);
  }
}

/** A conditional put may have been applied, or may still be applied later: nothing may be concluded from it (P1). */
export class UnknownOutcomeError extends LeaseholdError {
  override readonly name = 'UnknownOutcomeError';

  constructor(message: string, details?: ErrorDetails) {
    super('unknown', 'outcome-unknown', message, details);
  }
}
