import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { linesOf, totalOf, type Usage } from './invoice-lines.js';
import { amountsOf, MICROS_PER_MINOR, MonthCost, splitCost, totalMicros, type HourUsage } from './month-cost.js';
import { HOUR_MS } from './period.js';
import { METERS, PER, type Meter, type Plan, type PlanChange } from './plan.js';

const [JUNE, JULY] = [Date.UTC(2026, 5), Date.UTC(2026, 6)] as const;
const PERIOD = { from: JUNE, to: JULY };
const HOURS = (JULY - JUNE) / HOUR_MS;
const NONE = { readUnits: 0n, writeUnits: 0n, storedByteMs: 0n, egressBytes: 0n };

const free = { amount: 0n, per: 1n, included: 0n };
const plan = (more: Partial<Plan['prices']> = {}, given: Partial<Plan> = {}): Plan => ({
  ...{ name: 'pro', version: 1, currency: 'USD', fee: 0n, minimum: 0n, ...given },
  prices: { readUnits: free, writeUnits: free, storedByteMs: free, egressBytes: free, ...more },
});
const readAt = (hour: number, readUnits: bigint): HourUsage => ({
  at: JUNE + hour * HOUR_MS,
  quantities: { ...NONE, readUnits },
});

describe('what a month costs', () => {
  const reads = { amount: 100n, per: PER.million, included: 1_000_000n };
  const changes = [{ from: JUNE, plan: plan({ readUnits: reads }, { fee: 2_000n, minimum: 2_500n }) }];

  it('spreads what is included over all that was used', () => {
    const cost = new MonthCost(PERIOD, changes, [readAt(0, 1_000_000n), readAt(5, 3_000_000n)]);
    expect(amountsOf(cost.lines)).toMatchObject({ readUnits: 300n, fee: 2_000n, minimum: 200n });
    expect(cost.costOf(JUNE, JUNE + HOUR_MS).readUnits).toBe(75n * MICROS_PER_MINOR);
    expect(cost.costOf(JUNE, JULY).readUnits).toBe(300n * MICROS_PER_MINOR);
    expect(cost.usageOf(JUNE, JULY).readUnits).toBe(4_000_000n);
  });

  it('loses nothing of an amount that has no even parts', () => {
    const cost = new MonthCost(PERIOD, changes, [readAt(0, 700_001n), readAt(1, 700_001n), readAt(2, 700_001n)]);
    const hours = [0, 1, 2].map((n) => cost.costOf(JUNE + n * HOUR_MS, JUNE + (n + 1) * HOUR_MS).readUnits);
    expect(hours).toEqual([36_666_666n, 36_666_667n, 36_666_667n]);
    expect(amountsOf(cost.lines).readUnits).toBe(110n);
  });

  it('is nothing before there is a plan, and what lies before the first one counts to that', () => {
    expect(new MonthCost(PERIOD, [], [readAt(0, 9_000_000n)])).toMatchObject({ lines: [], stretches: [] });
    const late = [{ from: JUNE + 10 * HOUR_MS, plan: plan({ readUnits: { ...reads, included: 0n } }) }];
    const cost = new MonthCost(PERIOD, late, [readAt(3, 1_000_000n), readAt(11, 1_000_000n)]);
    expect(cost.stretches).toEqual([PERIOD]);
    expect(cost.costOf(JUNE, JUNE + 4 * HOUR_MS).readUnits).toBe(100n * MICROS_PER_MINOR);
  });

  it('is split among those who used something, and none gets of what it did not use', () => {
    const parts = [{ ...NONE, readUnits: 1n }, NONE, { ...NONE, readUnits: 2n, writeUnits: 5n }];
    expect(splitCost({ ...NONE, readUnits: 100n, writeUnits: 7n, egressBytes: 9n }, parts)).toEqual([
      { ...NONE, readUnits: 33n },
      NONE,
      { ...NONE, readUnits: 67n, writeUnits: 7n },
    ]);
  });

  it('adds up to the lines of the invoice, to the millionth, however it is cut and whoever used it', () => {
    const price = fc.record({
      amount: fc.bigInt(0n, 5_000n),
      per: fc.bigInt(1n, 10_000n),
      included: fc.bigInt(0n, 200_000n),
    });
    const anyPlan = fc.record({
      ...{
        name: fc.constantFrom('free', 'pro'),
        version: fc.integer({ min: 1, max: 3 }),
        currency: fc.constant('USD'),
      },
      ...{ fee: fc.bigInt(0n, 10_000n), minimum: fc.bigInt(0n, 20_000n) },
      prices: fc.record({ readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price }),
    });
    const hour = fc.integer({ min: 0, max: HOURS - 1 });
    const used = fc.record({
      hour,
      database: fc.constantFrom('a', 'b', 'c'),
      meter: fc.constantFrom(...METERS),
      quantity: fc.bigInt(0n, 1_000_000n),
    });
    const world = fc.record({
      first: fc.integer({ min: -50, max: 20 }),
      plans: fc.array(fc.record({ hour, plan: anyPlan }), { minLength: 1, maxLength: 4 }),
      usage: fc.array(used, { maxLength: 60 }),
      cuts: fc.uniqueArray(hour, { maxLength: 10 }),
    });
    fc.assert(
      fc.property(world, ({ first, plans, usage, cuts }) => {
        const sorted = [...plans].sort((a, b) => a.hour - b.hour);
        const changes = sorted.map(({ hour: n, plan: held }, i): PlanChange => ({
          from: JUNE + (i === 0 ? first : Math.max(n, first)) * HOUR_MS,
          plan: held,
        }));
        const cost = new MonthCost(PERIOD, changes, togetherByHour(usage));
        const start = Math.max(JUNE, changes[0]?.from ?? JUNE);
        const billed = usage.map(({ hour: n, ...one }): Usage => ({ ...one, at: Math.max(start, JUNE + n * HOUR_MS) }));
        const invoice = linesOf(PERIOD, changes, billed);
        expect(cost.lines).toEqual(invoice.map((line) => (line.kind === 'meter' ? { ...line, databases: [] } : line)));
        // Whatever parts the month is cut into, and with what each database has of each.
        const edges = [0, ...cuts.sort((a, b) => a - b), HOURS].map((n) => JUNE + n * HOUR_MS);
        const times = edges.slice(1).flatMap((to, i) => within(cost, edges[i] ?? JUNE, to));
        const rows = times.flatMap(({ from, to }) => {
          const parts = ['a', 'b', 'c'].map((database) => quantitiesIn(usage, database, from, to));
          const split = splitCost(cost.costOf(from, to), parts);
          expect(split.reduce((sum, one) => sum + totalMicros(one), 0n)).toBe(totalMicros(cost.costOf(from, to)));
          return split;
        });
        const flat = invoice.reduce((sum, line) => (line.kind === 'meter' ? sum : sum + line.amount), 0n);
        const metered = rows.reduce((sum, row) => sum + totalMicros(row), 0n);
        expect(metered + flat * MICROS_PER_MINOR).toBe(totalOf(invoice) * MICROS_PER_MINOR);
        for (const meter of METERS) {
          const line = rows.reduce((sum, row) => sum + row[meter], 0n);
          expect(line).toBe(amountsOf(invoice)[meter] * MICROS_PER_MINOR);
        }
      }),
      { numRuns: 200 },
    );
  });
});

interface Drawn {
  readonly hour: number;
  readonly database: string;
  readonly meter: Meter;
  readonly quantity: bigint;
}

function togetherByHour(usage: readonly Drawn[]): readonly HourUsage[] {
  return [...new Set(usage.map(({ hour }) => hour))].map((hour) => ({
    at: JUNE + hour * HOUR_MS,
    quantities: sumOf(usage.filter((one) => one.hour === hour)),
  }));
}

function quantitiesIn(usage: readonly Drawn[], database: string, from: number, to: number) {
  return sumOf(
    usage.filter((one) => {
      const at = JUNE + one.hour * HOUR_MS;
      return one.database === database && from <= at && at < to;
    }),
  );
}

function sumOf(usage: readonly Drawn[]) {
  const sum = { ...NONE };
  for (const { meter, quantity } of usage) sum[meter] += quantity;
  return sum;
}

/** A time, cut where the plan changes. */
function within({ stretches }: MonthCost, from: number, to: number) {
  return stretches.flatMap((stretch) => {
    const part = { from: Math.max(from, stretch.from), to: Math.min(to, stretch.to) };
    return part.from < part.to ? [part] : [];
  });
}
