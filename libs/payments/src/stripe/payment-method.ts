import type Stripe from 'stripe';

import type { PaymentMethod } from '../payment-provider.js';

export function paymentMethodOf({
  id,
  type,
  card,
  sepa_debit: sepa,
  us_bank_account: bank,
}: Stripe.PaymentMethod): PaymentMethod {
  return {
    reference: id,
    kind: type,
    brand: card?.brand ?? bank?.bank_name ?? undefined,
    lastFour: card?.last4 ?? sepa?.last4 ?? bank?.last4 ?? undefined,
    expiresMonth: card?.exp_month,
    expiresYear: card?.exp_year,
  };
}
