import { LeaseholdError, type ErrorDetails } from '@leasehold/foundation';

/** The target is none that may be called. Trying again does not help; the message is fit for whoever named the target. */
export class TargetRefusedError extends LeaseholdError {
  override readonly name = 'TargetRefusedError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('invalid', 'invalid-body', message, details);
  }
}

/**
 * How far a call came:
 * - `resolve`: the name has no address, or nobody answers for it
 * - `connect`: no connection, or not with a certificate of that name; nothing was sent
 * - `timeout`: the time was over; the target may have got everything
 * - `answer`: the connection broke, or what came is no HTTP answer, or is larger than asked for; as for `timeout`
 */
export type FailedStep = 'resolve' | 'connect' | 'timeout' | 'answer';

/** The target was allowed, and there is no answer of it. Kind `unavailable` while nothing was sent, else `unknown`. */
export class TargetFailedError extends LeaseholdError {
  override readonly name = 'TargetFailedError';

  constructor(
    readonly step: FailedStep,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(step === 'resolve' || step === 'connect' ? 'unavailable' : 'unknown', 'unavailable', message, details);
  }
}
