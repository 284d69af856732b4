import { assert } from '@leasehold/foundation';
import type { Minor } from '@leasehold/billing';
import type Stripe from 'stripe';

import { PaymentProviderError } from '../payment-errors.js';
import type { Bill } from '../payment-provider.js';

/** Above what the provider takes in one invoice. */
const MAX_AMOUNT = 99_999_999n;

/** The provider counts these in other units than ISO 4217: the same number would be a hundredth, or a hundred times as much. */
const COUNTED_OTHERWISE = new Set(['ISK', 'MGA', 'UGX']);

/** Customer undefined: whoever it was made for. */
export type KnownBill = Omit<Bill, 'customer'> & { readonly customer: string | undefined };

/** @throws PaymentProviderError invalid: nothing is charged in this currency */
export function requireSameUnit(currency: string): void {
  if (COUNTED_OTHERWISE.has(currency))
    throw new PaymentProviderError('invalid', 'the payment provider counts this currency in another unit');
}

/** As the provider writes it: a whole number of the smallest unit. @throws PaymentProviderError invalid */
export function amountOf(amount: Minor): number {
  assert(amount > 0n, 'only what is owed is asked for');
  if (amount > MAX_AMOUNT)
    throw new PaymentProviderError('invalid', 'the amount is above what the payment provider takes');
  return Number(amount);
}

/**
 * How a credit of a paid invoice gets back: as money as far as money came, and for the rest as credit of the customer's balance at the provider. The provider
 * takes no money for less than its minimum charge; it calls such an invoice paid, and adds what is owed to that balance.
 */
export function wayBack(invoice: Stripe.Invoice, amount: Minor) {
  const left = BigInt(invoice.amount_paid - invoice.post_payment_credit_notes_amount);
  const money = left <= 0n ? 0n : left < amount ? left : amount;
  return {
    ...(money > 0n ? { refund_amount: amountOf(money) } : {}),
    ...(amount > money ? { credit_amount: amountOf(amount - money) } : {}),
  };
}

/**
 * The last look before money moves: that an invoice at Stripe is the bill, to the cent.
 *
 * @param member of its metadata, under which our id is
 * @throws PaymentProviderError corrupt
 */
export function requireOurs(bill: KnownBill, invoice: Stripe.Invoice, member: string): void {
  const { customer, metadata, currency, total } = invoice;
  const same =
    metadata?.[member] === bill.invoiceId &&
    (bill.customer === undefined || (typeof customer === 'string' ? customer : customer?.id) === bill.customer) &&
    currency === bill.currency.toLowerCase() &&
    total === amountOf(bill.amount);
  if (!same)
    throw new PaymentProviderError('corrupt', 'the invoice at the payment provider is not the one that was made');
}
