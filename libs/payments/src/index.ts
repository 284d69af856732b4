export * from './by-hand.js';
export * from './payment-errors.js';
export * from './payment-provider.js';
export { openStripeCollector } from './stripe/open-stripe-collector.js';
export type { StripeSettings } from './stripe/stripe-client.js';
