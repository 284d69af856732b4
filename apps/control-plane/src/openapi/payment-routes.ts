import { ACCOUNTANTS, EVERYBODY } from '../auth/access.js';
import type { ControlRoute } from './control-route.js';

/** By what an organization pays, and what became of it. */
export const PAYMENT_ROUTES: readonly ControlRoute[] = [
  {
    route: 'GET /v1/payments',
    summary: 'Read the payment method, and list how invoices are being paid, the latest first',
    who: { roles: ACCOUNTANTS, scopes: [] },
    ...{ status: 200, answer: 'PaymentPage', query: ['limit', 'cursor'] },
  },
  {
    route: 'POST /v1/payments/checkout',
    summary: 'Open a page on which to leave a payment method',
    who: { roles: ['owner', 'finance'], scopes: [] },
    ...{ status: 201, answer: 'Checkout', codes: ['payments-not-configured', 'unavailable'] },
  },
  {
    route: 'POST /v1/payments/stripe/events',
    summary: 'Take an event of Stripe, signed by it',
    ...{ who: EVERYBODY, status: 200, answer: 'EventReceived' },
    codes: ['invalid-signature', 'payments-not-configured', 'body-too-large'],
  },
];
