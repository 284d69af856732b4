import { assert } from '@leasehold/foundation';

import { share, split, type Minor } from './money.js';
import { segmentsOf, type Period, type Segment } from './period.js';
import { METERS, type Meter, type PlanChange, type Price } from './plan.js';

/** What one database used of one meter in a stretch of time that lies in one hour. */
export interface Usage {
  readonly database: string;
  readonly meter: Meter;
  /** Ms since the Unix epoch, when it began: it is billed by the plan that held then. */
  readonly at: number;
  readonly quantity: bigint;
}

interface LineOfSegment {
  readonly from: number;
  readonly to: number;
  readonly plan: { readonly name: string; readonly version: number };
  readonly amount: Minor;
}

/** What a meter came to, under one plan. */
export interface MeterLine extends LineOfSegment {
  readonly kind: 'meter';
  readonly meter: Meter;
  readonly quantity: bigint;
  /** Of the quantity, what is free. */
  readonly included: bigint;
  readonly price: Pick<Price, 'amount' | 'per'>;
  /** The same by databases, by ascending id; their amounts add up to that of the line. */
  readonly databases: readonly { readonly database: string; readonly quantity: bigint; readonly amount: Minor }[];
}

/** The fee, or what is missing to the minimum. */
export interface FlatLine extends LineOfSegment {
  readonly kind: 'fee' | 'minimum';
}

export type InvoiceLine = MeterLine | FlatLine;

/**
 * What a period comes to: for each plan that held in it, its fee, each meter that was used, and what is missing to its minimum. Fees, minimums and included units of a
 * plan that held for a part of the period count in proportion; included ones are rounded up. Each line is rounded once, to the nearest minor unit, and the total is the sum of its lines.
 *
 * @param usage in any order; all of it lies in the period, and where a plan holds
 */
export function linesOf(
  period: Period,
  changes: readonly PlanChange[],
  usage: readonly Usage[],
): readonly InvoiceLine[] {
  const segments = segmentsOf(period, changes);
  const bySegment = new Map(segments.map((segment) => [segment, [] as Usage[]]));
  for (const used of usage) {
    const segment = segments.find(({ from, to }) => from <= used.at && used.at < to);
    assert(segment, 'what was used lies where a plan holds');
    bySegment.get(segment)?.push(used);
  }
  return segments.flatMap((segment) => linesOfSegment(segment, period, bySegment.get(segment) ?? []));
}

export function totalOf(lines: readonly Pick<InvoiceLine, 'amount'>[]): Minor {
  return lines.reduce((sum, { amount }) => sum + amount, 0n);
}

function linesOfSegment(segment: Segment, period: Period, usage: readonly Usage[]): readonly InvoiceLine[] {
  const { from, to, plan } = segment;
  const part = BigInt(to - from);
  const whole = BigInt(period.to - period.from);
  const common = { from, to, plan: { name: plan.name, version: plan.version } };
  // From the beginning of the period: so the parts of one that does not change add up to it, however it is cut.
  const due = (amount: Minor, until: number) => share(amount, BigInt(until - period.from), whole);
  const proportion = (amount: Minor) => due(amount, to) - due(amount, from);
  const fee: FlatLine = { kind: 'fee', ...common, amount: proportion(plan.fee) };
  const metered = METERS.flatMap((meter): MeterLine[] => {
    const used = usage.filter((one) => one.meter === meter && one.quantity > 0n);
    if (used.length === 0) return [];
    const { included: free, ...price } = plan.prices[meter];
    // Rounded up: nobody gets less than was promised.
    const included = (free * part + whole - 1n) / whole;
    return [{ kind: 'meter', ...common, meter, price, ...priced(used, price, included) }];
  });
  const lines = [fee, ...metered];
  const missing = proportion(plan.minimum) - totalOf(lines);
  const minimum: FlatLine = { kind: 'minimum', ...common, amount: missing };
  return [...lines, minimum].filter(({ kind, amount }) => kind === 'meter' || amount > 0n);
}

function priced(used: readonly Usage[], price: Pick<Price, 'amount' | 'per'>, free: bigint) {
  const byDatabase = new Map<string, bigint>();
  for (const { database, quantity } of used) byDatabase.set(database, (byDatabase.get(database) ?? 0n) + quantity);
  const parts = [...byDatabase].sort(([a], [b]) => (a < b ? -1 : 1));
  const quantity = parts.reduce((sum, [, part]) => sum + part, 0n);
  const included = quantity < free ? quantity : free;
  const amount = share(price.amount, quantity - included, price.per);
  const amounts = split(
    amount,
    parts.map(([, part]) => part),
  );
  const databases = parts.map(([database, part], i) => ({ database, quantity: part, amount: amounts[i] ?? 0n }));
  return { quantity, included, amount, databases };
}
