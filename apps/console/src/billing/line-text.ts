import type { Schemas } from '../api/control.js';
import { formatBytes, formatCount, formatFraction } from '../parts/format.js';
import { formatMoney } from '../parts/money.js';

type Line = Schemas['InvoiceLinePage']['lines'][number];
export type Meter = NonNullable<Line['meter']>;

export interface LineText {
  readonly what: string;
  readonly quantity: string;
  readonly included: string;
  readonly price: string;
}

interface MeterText {
  readonly name: string;
  readonly format: (units: number) => string;
}

/** Bytes times milliseconds in a gigabyte-hour. */
const GB_HOUR = 1e9 * 3_600_000;
const gbHours = (byteMs: number) => `${formatFraction(byteMs / GB_HOUR)} GB-hours`;

const METERS: Readonly<Record<Meter, MeterText>> = {
  readUnits: { name: 'Read units', format: formatCount },
  writeUnits: { name: 'Write units', format: formatCount },
  storedByteMs: { name: 'Storage', format: gbHours },
  egressBytes: { name: 'Egress', format: formatBytes },
};

/** What a meter is called. */
export function nameOfMeter(meter: Meter): string {
  return METERS[meter].name;
}

/** What a plan asks for a meter: `$0.20 per 1,000,000 beyond 10,000,000`. */
export function textOfPrice(
  meter: Meter,
  { amount, per, included }: Schemas['PlanVersion']['prices'][Meter],
  currency: string,
): string {
  if (amount === 0) return 'free';
  const { format } = METERS[meter];
  const beyond = Number(included) === 0 ? '' : ` beyond ${format(Number(included))}`;
  return `${formatMoney(amount, currency)} per ${format(Number(per))}${beyond}`;
}

/** A line for people: quantities in the units that people quote. */
export function textOfLine({ kind, meter, quantity, included, price }: Line, currency: string): LineText {
  if (kind !== 'meter' || meter === null) {
    return { what: kind === 'fee' ? 'Fee' : 'Up to the minimum', quantity: '', included: '', price: '' };
  }
  const { name, format } = METERS[meter];
  return {
    what: name,
    quantity: format(Number(quantity)),
    included: format(Number(included)),
    price: `${formatMoney(price.amount, currency)} per ${format(Number(price.per))}`,
  };
}
