import Stripe from 'stripe';

import { PaymentProviderError, type ProviderErrorKind } from '../payment-errors.js';

const TOO_MANY_REQUESTS = 429;
/** Somebody else works on the object, or on the same idempotency key. */
const CONFLICT = 409;

/** What an error of the SDK means for whoever called. Anything that is none of its errors is a bug of ours, and stays what it is. */
export function providerErrorOf(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { type, code, statusCode, requestId } = error;
  const kind = kindOf(error);
  const message = MESSAGES[kind];
  return new PaymentProviderError(kind, message, { type, code, status: statusCode, requestId });
}

const MESSAGES: Readonly<Record<ProviderErrorKind, string>> = {
  unavailable: 'the payment provider does not answer, or has no time',
  unknown: 'whether the payment provider did it is unknown',
  invalid: 'the payment provider refused the request',
  denied: 'the payment provider does not take the secret key, or it may not do this',
  corrupt: 'what the payment provider holds is not what was asked for',
};

function kindOf(error: InstanceType<typeof Stripe.errors.StripeError>): ProviderErrorKind {
  const { errors } = Stripe;
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError)
    return 'denied';
  if (error.statusCode === TOO_MANY_REQUESTS || error.statusCode === CONFLICT) return 'unavailable';
  // The earlier request under this key was another one: it is looked for next time, and a day later the key is forgotten.
  if (error instanceof errors.StripeIdempotencyError) return 'unavailable';
  if (error instanceof errors.StripeInvalidRequestError || error instanceof errors.StripeCardError) return 'invalid';
  return 'unavailable';
}

/** That the request was understood and turned down: the card, or the state of the bill, did not allow it. */
export function isRefusal(error: unknown): error is InstanceType<typeof Stripe.errors.StripeError> {
  const { errors } = Stripe;
  if (error instanceof errors.StripeCardError) return true;
  if (!(error instanceof errors.StripeInvalidRequestError)) return false;
  return error.statusCode !== CONFLICT && error.statusCode !== TOO_MANY_REQUESTS;
}

export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing';
}
