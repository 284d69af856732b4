import type { ByHand } from './payment-provider.js';

/** No collector: money comes by bank transfer or otherwise, and an operator marks invoices as paid. */
export const byHand: ByHand = { name: 'manual', collects: false };
