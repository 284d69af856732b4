import { minorDigitsOf } from '@leasehold/billing/currency';

/** An amount as it is told by the API, whole in the smallest unit of its currency: `$12.34`. */
export function formatMoney(amount: number, currency: string): string {
  const digits = minorDigitsOf(currency);
  const options = {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  } as const;
  return new Intl.NumberFormat(undefined, options).format(amount / 10 ** digits);
}

/** How many of the smallest units a typed amount is; NaN where it is none. */
export function minorUnits(typed: number, currency: string): number {
  return Math.round(typed * 10 ** minorDigitsOf(currency));
}
