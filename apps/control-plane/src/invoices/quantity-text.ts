import { minorDigitsOf, type Meter } from '@leasehold/billing';

const THOUSANDS = /\B(?=(\d{3})+(?!\d))/g;
/** Decimal gigabytes, and hours of them, to this many digits. */
const DIGITS = 3;
const GIGABYTE = 1_000_000_000n;
const GIGABYTE_HOUR = GIGABYTE * 3_600_000n;

/** `1,234.50 USD`, from the smallest unit of the currency, without a number with a floating point on the way. */
export function formatAmount(amount: number, currency: string): string {
  return `${decimal(BigInt(amount), minorDigitsOf(currency))} ${currency}`;
}

/** In the unit that people are told prices by. @param quantity decimal digits, in the unit of the meter */
export function formatQuantity(meter: Meter, quantity: string): string {
  const whole = BigInt(quantity);
  if (meter === 'storedByteMs') return `${inUnits(whole, GIGABYTE_HOUR)} GB-hour${whole === GIGABYTE_HOUR ? '' : 's'}`;
  if (meter === 'egressBytes') return `${inUnits(whole, GIGABYTE)} GB`;
  return decimal(whole, 0);
}

/** To the nearest, so many digits behind the point, without noughts at the end. */
function inUnits(quantity: bigint, unit: bigint): string {
  const scaled = (2n * quantity * 10n ** BigInt(DIGITS) + (quantity < 0n ? -unit : unit)) / (2n * unit);
  return decimal(scaled, DIGITS).replace(/\.?0+$/, '');
}

function decimal(amount: bigint, digits: number): string {
  const text = String(amount < 0n ? -amount : amount).padStart(digits + 1, '0');
  const at = text.length - digits;
  const whole = text.slice(0, at).replace(THOUSANDS, ',');
  return `${amount < 0n ? '-' : ''}${whole}${digits === 0 ? '' : `.${text.slice(at)}`}`;
}
