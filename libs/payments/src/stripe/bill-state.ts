import type Stripe from 'stripe';

import type { BillState } from '../payment-provider.js';
import { failureOf } from './payment-failure.js';

/** What an invoice of Stripe and the payments of it come to. Pure. @param payments with their payment intents; only looked at where it is open */
export function billStateOf(invoice: Stripe.Invoice, payments: readonly Stripe.InvoicePayment[]): BillState {
  switch (invoice.status) {
    case 'draft':
      return { state: 'draft' };
    case 'paid':
      return { state: 'paid' };
    case 'void':
      return { state: 'void' };
    case 'uncollectible':
      // Somebody gave it up at Stripe's own pages: nobody charges it from here.
      return { state: 'open', failure: 'not-chargeable', payUrl: undefined };
    default:
      return openState(invoice, intentsOf(payments));
  }
}

function openState(invoice: Stripe.Invoice, intents: readonly Stripe.PaymentIntent[]): BillState {
  if (intents.some(({ status }) => status === 'processing')) return { state: 'processing' };
  const payUrl = invoice.hosted_invoice_url ?? undefined;
  const [latest] = [...intents].sort((a, b) => b.created - a.created);
  if (latest?.status === 'requires_action') return { state: 'open', failure: 'authentication-required', payUrl };
  const error = latest?.last_payment_error;
  return { state: 'open', failure: error ? failureOf(error) : undefined, payUrl };
}

function intentsOf(payments: readonly Stripe.InvoicePayment[]): readonly Stripe.PaymentIntent[] {
  return payments.flatMap(({ payment }) => {
    const intent = payment.payment_intent;
    return typeof intent === 'object' ? [intent] : [];
  });
}
