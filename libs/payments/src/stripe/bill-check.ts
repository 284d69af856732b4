import { assert } from '@leasehold/foundation';
import type { Minor } from '@leasehold/billing';
import type Stripe from 'stripe';

import { PaymentProviderError } from '../payment-errors.js';
import type { Bill } from '../payment-provider.js';

/** Above what the provider takes in one invoice. */
const MAX_AMOUNT = 99_999_999n;

/** As the provider writes it: a whole number of the smallest unit. @throws PaymentProviderError invalid */
export function amountOf(amount: Minor): number {
  assert(amount > 0n, 'only what is owed is asked for');
  if (amount > MAX_AMOUNT)
    throw new PaymentProviderError('invalid', 'the amount is above what the payment provider takes');
  return Number(amount);
}

/**
 * The last look before money moves: that an invoice at Stripe is the bill, to the cent.
 *
 * @param member of its metadata, under which our id is
 * @throws PaymentProviderError corrupt
 */
export function requireOurs(bill: Bill, invoice: Stripe.Invoice, member: string): void {
  const { customer, metadata, currency, total } = invoice;
  const same =
    metadata?.[member] === bill.invoiceId &&
    (typeof customer === 'string' ? customer : customer?.id) === bill.customer &&
    currency === bill.currency.toLowerCase() &&
    total === amountOf(bill.amount);
  if (!same)
    throw new PaymentProviderError('corrupt', 'the invoice at the payment provider is not the one that was made');
}
