import { z } from 'zod';

import { emailAddress, nameOf } from '../requests/text.js';

/** Ten thousand million of a currency with cents; far below what a number of JSON holds exactly. */
const MAX_AMOUNT = 1_000_000_000_000;
/** Decimal digits of a quantity: an exbibyte for a century, in bytes times milliseconds, has 31. */
const MAX_DIGITS = 40;

const amount = z.int().min(0).max(MAX_AMOUNT);
const DIGITS = /^(0|[1-9]\d*)$/;
const whole = z.string().regex(DIGITS, 'must have decimal digits').max(MAX_DIGITS);
const positive = whole.refine((text) => text !== '0', 'must be above 0');

/** Of one: dearer ones would not be told from slips of a digit, and what one request costs could not be counted in budgets. */
const MAX_UNIT_AMOUNT = 10_000n;
const MAX_BYTE_AMOUNT = 1n;

const priceUpTo = (most: bigint) =>
  z
    .strictObject({ amount, per: positive, included: whole.default('0') })
    .refine(({ amount, per }) => comesTo(amount, per, most), `must come to ${most} for one at most`);
/** Asked of what is wrong in itself, too, which is told as such. */
function comesTo(amountMinor: number, per: string, most: bigint): boolean {
  return !Number.isInteger(amountMinor) || !DIGITS.test(per) || BigInt(amountMinor) <= most * BigInt(per);
}

const [price, priceOfBytes] = [priceUpTo(MAX_UNIT_AMOUNT), priceUpTo(MAX_BYTE_AMOUNT)];

/** A version of a plan. Amounts in the smallest unit of the currency; quantities in texts of decimal digits. */
export const newPlanVersion = z.strictObject({
  effectiveFrom: z.iso.datetime({ message: 'must be a time such as 2030-01-31T00:00:00Z' }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a code of ISO 4217'),
  fee: amount,
  minimum: amount,
  prices: z.strictObject({
    ...{ readUnits: price, writeUnits: price },
    ...{ storedByteMs: priceOfBytes, egressBytes: priceOfBytes },
  }),
});
export type NewPlanVersion = z.output<typeof newPlanVersion>;

const line = nameOf(0, 200);

/** To whom invoices are addressed. What is left out is empty. */
export const newBillingDetails = z.strictObject({
  name: nameOf(1, 200),
  street: line.default(''),
  postalCode: nameOf(0, 20).default(''),
  city: line.default(''),
  region: line.default(''),
  country: z.union([z.literal(''), z.string().regex(/^[A-Z]{2}$/, 'must be a code of ISO 3166-1')]).default(''),
  taxId: nameOf(0, 50).default(''),
  email: z.union([z.literal(''), emailAddress]).default(''),
});
export type NewBillingDetails = z.output<typeof newBillingDetails>;

/** Who issues invoices. */
export const newIssuer = z.strictObject({
  name: nameOf(1, 200),
  address: z.array(line).max(6).default([]),
  taxId: nameOf(0, 50).default(''),
});
export type NewIssuer = z.output<typeof newIssuer>;

/** How an invoice was paid, for people. */
export const newPayment = z.strictObject({ payment: nameOf(1, 200) });
export type NewPayment = z.output<typeof newPayment>;

export const newVoiding = z.strictObject({ reason: nameOf(1, 500) });
export type NewVoiding = z.output<typeof newVoiding>;

export const newCreditNote = z.strictObject({ amount: z.int().min(1).max(MAX_AMOUNT), reason: nameOf(1, 500) });
export type NewCreditNote = z.output<typeof newCreditNote>;
