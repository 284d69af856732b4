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

/** As it is typed: 12.34 for 1,234 cents. */
export function majorUnits(amount: number, currency: string): number {
  return amount / 10 ** minorDigitsOf(currency);
}

/** How many digits stand behind the point. */
export function minorDigits(currency: string): number {
  return minorDigitsOf(currency);
}

const MICROS = 1_000_000;
/** Behind the point, of what is less than one of the smallest unit. */
const SMALL_DIGITS = 6;

/** An amount in millionths of the smallest unit: `$12.34`, and `$0.000012` where that would be nothing. */
export function formatMicros(micros: number, currency: string): string {
  const amount = micros / MICROS;
  if (micros === 0 || Math.abs(amount) >= 1) return formatMoney(Math.round(amount), currency);
  const options = { style: 'currency', currency, maximumFractionDigits: SMALL_DIGITS } as const;
  return new Intl.NumberFormat(undefined, options).format(majorUnits(amount, currency));
}
