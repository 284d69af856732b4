import { LeaseholdError } from '@leasehold/foundation';

/** A version cannot begin then, or not in this currency. Nothing was applied. */
export class PlanVersionRefusedError extends LeaseholdError {
  override readonly name = 'PlanVersionRefusedError';

  constructor(why: string) {
    super('conflict', 'conflict', why);
  }
}

/** What became of the invoice already excludes it. Nothing was applied. */
export class InvoiceStateError extends LeaseholdError {
  override readonly name = 'InvoiceStateError';

  constructor(readonly state: string) {
    super('conflict', 'conflict', `the invoice is ${state}`);
  }
}

/** It would be more than was billed and not credited yet. Nothing was applied. */
export class CreditTooLargeError extends LeaseholdError {
  override readonly name = 'CreditTooLargeError';

  constructor(readonly left: bigint) {
    super('conflict', 'conflict', `of the invoice not more can be credited than ${left}`);
  }
}
