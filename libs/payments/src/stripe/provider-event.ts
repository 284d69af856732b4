import type Stripe from 'stripe';

import type { ProviderEvent } from '../payment-provider.js';

/** Of what an event is about, only whose it is: the rest is asked for. */
interface Subject {
  readonly object?: unknown;
  readonly id?: unknown;
  readonly invoice?: unknown;
  readonly customer?: unknown;
}

export function providerEventOf({ id, type, created, data }: Stripe.Event): ProviderEvent {
  return { id, type, at: new Date(created * 1_000), about: aboutOf(data.object as unknown as Subject) };
}

function aboutOf(subject: Subject): ProviderEvent['about'] {
  switch (subject.object) {
    case 'invoice':
      return named('bill', subject.id);
    case 'invoice_payment':
    case 'credit_note':
      return named('bill', subject.invoice);
    case 'customer':
      return named('customer', subject.id);
    case 'checkout.session':
    case 'payment_method':
    case 'setup_intent':
      return named('customer', subject.customer);
    default:
      return undefined;
  }
}

function named(kind: 'bill' | 'customer', told: unknown): ProviderEvent['about'] {
  return typeof told === 'string' && told !== '' ? { kind, reference: told } : undefined;
}
