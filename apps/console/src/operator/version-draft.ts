import type { Schemas } from '../api/control.js';
import type { Meter } from '../billing/line-text.js';
import { majorUnits, minorUnits } from '../parts/money.js';

type Version = Schemas['PlanVersion'];

/** Decimal gigabytes stored for 730 hours. */
const GB_MONTH = 1_000_000_000n * 730n * 3_600_000n;
const GB = 1_000_000_000n;
const THOUSAND = 1_000n;
const HOUR_MS = 3_600_000;

/** How many more digits than its currency has a price may be typed with: a ten-thousandth of a cent for a million. */
export const SMALL_DIGITS = 4;
const PARTS = 10 ** SMALL_DIGITS;

/** How prices of a meter are asked for: of so much that most of them are whole cents. */
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
  /** In UTC, by which months are billed, as the browser's input has it: `2026-12-01T00:00`. */
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
      const parts = price === undefined ? 0 : Math.round((price.amount * PARTS * Number(per)) / Number(price.per));
      return majorUnits(parts / PARTS, currency);
    }),
    included: of(({ meter, unit }) => Number(last?.prices[meter].included ?? 0) / Number(unit)),
  };
}

/** Whether what a version asks for a meter can be typed to the last digit; else it is shown rounded. */
export function isQuotable({ prices }: Version, { meter, per }: (typeof QUOTES)[number]): boolean {
  const price = prices[meter];
  return (BigInt(price.amount) * BigInt(PARTS) * per) % BigInt(price.per) === 0n;
}

/** What was typed for `per`, of ten times as much for each digit that is smaller than the smallest unit. */
function askedFor(typed: number | string, per: bigint, currency: string) {
  let parts = minorUnits(Number(typed) * PARTS, currency);
  let of = per * BigInt(PARTS);
  for (let digit = 0; digit < SMALL_DIGITS && parts % 10 === 0; digit += 1) {
    parts /= 10;
    of /= 10n;
  }
  return { amount: parts, per: String(of) };
}

/** As the API takes it. @param last with which the draft began: what was not typed anew stays to the last digit */
export function versionOf(draft: VersionDraft, last?: Version): Schemas['NewPlanVersion'] {
  const { from, currency, fee, minimum, prices, included } = draft;
  const begun = last?.currency === currency ? draftOf(last, from) : undefined;
  const amount = (typed: number | string) => minorUnits(Number(typed), currency);
  const priceOf = ({ meter, per, unit }: (typeof QUOTES)[number]) => {
    const before = last?.prices[meter];
    const asked =
      before && begun?.prices[meter] === prices[meter]
        ? { amount: before.amount, per: before.per }
        : askedFor(prices[meter], per, currency);
    const isKept = before && begun?.included[meter] === included[meter];
    return {
      ...asked,
      included: isKept ? before.included : String(BigInt(Math.round(Number(included[meter]))) * unit),
    };
  };
  const [readUnits, writeUnits, storedByteMs, egressBytes] = QUOTES;
  return {
    ...{ effectiveFrom: new Date(`${from}Z`).toISOString(), currency, fee: amount(fee), minimum: amount(minimum) },
    prices: {
      readUnits: priceOf(readUnits),
      writeUnits: priceOf(writeUnits),
      storedByteMs: priceOf(storedByteMs),
      egressBytes: priceOf(egressBytes),
    },
  };
}

/** The next whole hour but one, in UTC, as the browser's input has it: a version begins in the future. */
export function nextHour(now: Date): string {
  return new Date((Math.floor(now.getTime() / HOUR_MS) + 2) * HOUR_MS).toISOString().slice(0, 16);
}
