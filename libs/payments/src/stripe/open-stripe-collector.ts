import type { PaymentCollector } from '../payment-provider.js';
import type { StripeSettings } from './stripe-client.js';

/** Connects to nothing yet. The SDK, of 20 MiB in memory, is loaded here, so that who has no account at Stripe does without. */
export async function openStripeCollector(settings: StripeSettings): Promise<PaymentCollector> {
  const { StripeCollector } = await import('./stripe-collector.js');
  return new StripeCollector(settings);
}
