import { PAYMENT_FAILURES, PROVIDERS } from '@leasehold/payments';
import { PAYMENT_STATES } from '@leasehold/metadata';
import { z } from 'zod';

import { cursor, instant } from './answer-parts.js';

const amount = z.int().describe('In the smallest unit of the currency.');
const provider = z.enum(PROVIDERS);

/** What of a payment is told with its invoice. */
export const charge = z.object({
  state: z.enum(PAYMENT_STATES),
  provider: provider.nullable().describe('That has the bill. Null: none yet.'),
  attempts: z.int().min(0),
  failure: z.enum(PAYMENT_FAILURES).nullable(),
  payUrl: z.string().nullable().describe('Where the customer can pay it themselves.'),
  nextChargeAt: instant.nullable().describe('Null: it is not charged by itself.'),
});

const payment = charge.extend({
  invoiceId: z.string(),
  invoiceNumber: z.string(),
  currency: z.string(),
  total: amount,
  credited: amount,
  paidAt: instant.nullable(),
  payment: z.string().nullable().describe('How it was paid.'),
});

const method = z.object({
  kind: z.string(),
  brand: z.string().nullable(),
  lastFour: z.string().nullable(),
  expiresMonth: z.int().nullable(),
  expiresYear: z.int().nullable(),
});

/** Answers about payments, by name. */
export const PAYMENT_ANSWERS = {
  PaymentPage: z.object({
    provider,
    method: method.nullable().describe('What is charged. Null: nothing was given.'),
    payments: z.array(payment),
    cursor,
  }),
  Checkout: z.object({ url: z.string(), expiresAt: instant }),
  EventReceived: z.object({ received: z.literal(true) }),
} as const satisfies Readonly<Record<string, z.ZodType>>;
