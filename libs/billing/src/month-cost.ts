import { assert } from '@leasehold/foundation';

import { linesOf, type InvoiceLine, type MeterLine } from './invoice-lines.js';
import { split, type Minor } from './money.js';
import { HOUR_MS, segmentsOf, type Period } from './period.js';
import { METERS, type Meter, type PlanChange } from './plan.js';

/** Amounts of what is less than the smallest unit of a currency: millionths of it. */
export type Micros = bigint;
export const MICROS_PER_MINOR = 1_000_000n;

export type MeterQuantities = Readonly<Record<Meter, bigint>>;
export type MeterMicros = Readonly<Record<Meter, Micros>>;

/** What an organization used in an hour, all of its databases together. */
export interface HourUsage {
  /** Begin of the hour, ms since the Unix epoch. */
  readonly at: number;
  readonly quantities: MeterQuantities;
}

const NOTHING: Readonly<Record<Meter, bigint>> = { readUnits: 0n, writeUnits: 0n, storedByteMs: 0n, egressBytes: 0n };
/** The one owner of everything, where lines are wanted and no databases are told apart. */
const EVERYTHING = '';

/**
 * What a period comes to, and what of it is of which hour. Every unit of a line bears the same part of its amount: so what is included is spread over all that was used,
 * as among the databases of an invoice. Hours add up to the amounts of the lines, to the millionth, and so does every time that is cut into parts. Fees and minimums are of no hour.
 */
export class MonthCost {
  /** As they stand on an invoice of the period, but for their databases. */
  readonly lines: readonly InvoiceLine[];
  /** Times in which one version of a plan holds, ascending; together the period from the first time of which something may be billed on. Empty: nothing is billed. */
  readonly stretches: readonly Period[];
  private readonly costs = new Map<number, Record<Meter, Micros>>();
  private readonly used: ReadonlyMap<number, MeterQuantities>;

  /** @param hours each once; all of them lie in the period */
  constructor(period: Period, changes: readonly PlanChange[], hours: readonly HourUsage[]) {
    // What a clock that is behind has put before the first plan counts to that, as on invoices.
    this.stretches = segmentsOf(period, changes).map(({ from, to }, i) => ({ from: i === 0 ? period.from : from, to }));
    const first = segmentsOf(period, changes)[0]?.from ?? period.to;
    const billed = this.stretches.length === 0 ? [] : [...hours].sort((a, b) => a.at - b.at);
    this.used = new Map(billed.map(({ at, quantities }) => [at, quantities]));
    const usage = billed.flatMap(({ at, quantities }) =>
      METERS.map((meter) => ({
        database: EVERYTHING,
        meter,
        at: Math.max(at, first),
        quantity: quantities[meter],
      })),
    );
    this.lines = linesOf(period, changes, usage).map((line) =>
      line.kind === 'meter' ? { ...line, databases: [] } : line,
    );
    for (const line of this.lines) {
      if (line.kind === 'meter') this.spread(line, line.from === first ? period.from : line.from);
    }
  }

  /** Of what was used from whole hour to whole hour. */
  costOf(from: number, to: number): MeterMicros {
    return this.sum(this.costs, from, to);
  }

  /** All that was used from whole hour to whole hour. */
  usageOf(from: number, to: number): MeterQuantities {
    return this.sum(this.used, from, to);
  }

  /** By running totals: each hour has what the amount grows by, so that no part of it is lost or told twice. */
  private spread({ meter, quantity, amount, to }: MeterLine, from: number): void {
    assert(quantity > 0n && amount >= 0n, 'a line has something that was used');
    const due = (until: bigint) => (amount * MICROS_PER_MINOR * until) / quantity;
    let before = 0n;
    for (const [at, quantities] of this.used) {
      if (at < from || at >= to || quantities[meter] === 0n) continue;
      const until = before + quantities[meter];
      const costs = this.costs.get(at) ?? { ...NOTHING };
      costs[meter] = due(until) - due(before);
      this.costs.set(at, costs);
      before = until;
    }
    assert(before === quantity, 'a line is of its hours');
  }

  private sum(hours: ReadonlyMap<number, Readonly<Record<Meter, bigint>>>, from: number, to: number) {
    const sum = { ...NOTHING };
    for (let at = from; at < to; at += HOUR_MS) {
      const hour = hours.get(at);
      if (hour) for (const meter of METERS) sum[meter] += hour[meter];
    }
    return sum;
  }
}

/** What fees and minimums come to, and each meter, over all plans of a period. */
export function amountsOf(lines: readonly InvoiceLine[]): Readonly<Record<Meter | 'fee' | 'minimum', Minor>> {
  const amounts = { ...NOTHING, fee: 0n, minimum: 0n };
  for (const line of lines) amounts[line.kind === 'meter' ? line.meter : line.kind] += line.amount;
  return amounts;
}

/**
 * Splits what a time costs among those who used something in it, meter by meter, in proportion to what each used: `split` of every meter, so the parts add up to it exactly.
 *
 * @param cost of a time in which one plan holds
 * @returns for each part, in their order; nothing is told of a meter that none of them used
 */
export function splitCost(cost: MeterMicros, parts: readonly MeterQuantities[]): readonly MeterMicros[] {
  const costs = parts.map(() => ({ ...NOTHING }));
  for (const meter of METERS) {
    const users = parts.flatMap((part, i) => (part[meter] > 0n ? [{ i, weight: part[meter] }] : []));
    if (users.length === 0 || cost[meter] === 0n) continue;
    const amounts = split(
      cost[meter],
      users.map(({ weight }) => weight),
    );
    for (const [n, { i }] of users.entries()) {
      const own = costs[i];
      if (own) own[meter] = amounts[n] ?? 0n;
    }
  }
  return costs;
}

/** All meters together. */
export function totalMicros(cost: MeterMicros): Micros {
  return METERS.reduce((sum, meter) => sum + cost[meter], 0n);
}
