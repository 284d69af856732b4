import type { Schemas } from '../api/control.js';
import type { Meter } from '../billing/line-text.js';
import { majorUnits, minorUnits } from '../parts/money.js';

type Version = Schemas['PlanVersion'];

/** Decimal gigabytes stored for 730 hours. */
const GB_MONTH = 1_000_000_000n * 730n * 3_600_000n;
const GB = 1_000_000_000n;
const THOUSAND = 1_000n;

/** How prices of a meter are asked for: whole cents of so much that small prices can be said too. */
export const QUOTES = [
  { meter: 'readUnits', price: 'A million read units', included: 'Read units included', per: 1_000_000n, unit: 1n },
  { meter: 'writeUnits', price: 'A million write units', included: 'Write units included', per: 1_000_000n, unit: 1n },
  {
    ...{ meter: 'storedByteMs', price: 'A thousand gigabytes, stored for a month' },
    ...{ included: 'Gigabytes included', per: THOUSAND * GB_MONTH, unit: GB_MONTH },
  },
  {
    ...{ meter: 'egressBytes', price: 'A thousand gigabytes of egress' },
    ...{ included: 'Gigabytes of egress included', per: THOUSAND * GB, unit: GB },
  },
] as const satisfies readonly {
  readonly meter: Meter;
  readonly price: string;
  readonly included: string;
  /** Of what the price is, in the unit of the meter. */
  readonly per: bigint;
  /** In what the included quantity is typed. */
  readonly unit: bigint;
}[];

/** What is typed about a version of a plan. */
export interface VersionDraft {
  /** A local time, as the browser's input has it: `2026-12-01T00:00`. */
  readonly from: string;
  readonly currency: string;
  readonly fee: number | string;
  readonly minimum: number | string;
  readonly prices: Readonly<Record<Meter, number | string>>;
  readonly included: Readonly<Record<Meter, number | string>>;
}

/** Begins with what holds now. */
export function draftOf(last: Version | undefined, from: string): VersionDraft {
  const currency = last?.currency ?? 'USD';
  const of = (value: (quote: (typeof QUOTES)[number]) => number) =>
    Object.fromEntries(QUOTES.map((quote) => [quote.meter, value(quote)])) as Record<Meter, number>;
  return {
    ...{ from, currency, fee: majorUnits(last?.fee ?? 0, currency), minimum: majorUnits(last?.minimum ?? 0, currency) },
    prices: of(({ meter, per }) => {
      const price = last?.prices[meter];
      return price === undefined ? 0 : majorUnits((price.amount * Number(per)) / Number(price.per), currency);
    }),
    included: of(({ meter, unit }) => Number(last?.prices[meter].included ?? 0) / Number(unit)),
  };
}

/** As the API takes it. */
export function versionOf({ from, currency, fee, minimum, prices, included }: VersionDraft): Schemas['NewPlanVersion'] {
  const amount = (typed: number | string) => minorUnits(Number(typed), currency);
  const priceOf = ({ meter, per, unit }: (typeof QUOTES)[number]) => ({
    amount: amount(prices[meter]),
    per: String(per),
    included: String(BigInt(Math.round(Number(included[meter]))) * unit),
  });
  const [readUnits, writeUnits, storedByteMs, egressBytes] = QUOTES;
  return {
    ...{ effectiveFrom: new Date(from).toISOString(), currency, fee: amount(fee), minimum: amount(minimum) },
    prices: {
      readUnits: priceOf(readUnits),
      writeUnits: priceOf(writeUnits),
      storedByteMs: priceOf(storedByteMs),
      egressBytes: priceOf(egressBytes),
    },
  };
}

/** The next whole hour but one, as the browser's input has it: a version begins in the future. */
export function nextHour(now: Date): string {
  const hour = new Date(now.getFullYear(), now.getMonth(), now.getDate(), now.getHours() + 2);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${hour.getFullYear()}-${two(hour.getMonth() + 1)}-${two(hour.getDate())}T${two(hour.getHours())}:00`;
}
