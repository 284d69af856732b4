import { byHand, openStripeCollector, type PaymentProvider } from '@leasehold/payments';

import type { ControlPlaneConfig } from '../config.js';

/** Injection token of the PaymentProvider. */
export const PAYMENT_PROVIDER = Symbol('payment provider');

/** Without a secret key of Stripe, invoices are paid by hand. Connects to nothing yet. */
export async function openPaymentProvider(config: ControlPlaneConfig): Promise<PaymentProvider> {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_API_BASE: apiBase } = config;
  if (secretKey === undefined || webhookSecret === undefined) return byHand;
  return openStripeCollector({ secretKey, webhookSecret, apiBase });
}
