import type { PaymentFailure } from '../payment-provider.js';

const BY_CODE: Readonly<Record<string, PaymentFailure>> = {
  insufficient_funds: 'insufficient-funds',
  expired_card: 'expired-card',
  authentication_required: 'authentication-required',
  payment_intent_authentication_failure: 'authentication-required',
  setup_intent_authentication_failure: 'authentication-required',
  invoice_payment_intent_requires_action: 'authentication-required',
  payment_method_not_available: 'no-payment-method',
  payment_method_unactivated: 'no-payment-method',
  missing: 'no-payment-method',
};

export interface ToldFailure {
  readonly code?: string | undefined;
  readonly decline_code?: string | undefined;
}

/** In our words. Banks give reasons that help thieves, such as `stolen_card`: they are all `declined`. */
export function failureOf({ code, decline_code: declineCode }: ToldFailure): PaymentFailure {
  return BY_CODE[declineCode ?? ''] ?? BY_CODE[code ?? ''] ?? 'declined';
}
