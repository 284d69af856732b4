import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { linesOf, totalOf, type InvoiceLine, type Usage } from './invoice-lines.js';
import { lateLinesOf } from './late-lines.js';
import { monthBefore, monthOf } from './period.js';
import { METERS, type Plan } from './plan.js';

const NOVEMBER = monthOf(Date.UTC(2026, 10, 28, 12));

const amounts = fc.bigInt({ min: 0n, max: 100_000n });
const price = fc.record({
  amount: amounts,
  per: fc.bigInt({ min: 1n, max: 10n ** 7n }),
  included: fc.bigInt({ min: 0n, max: 10n ** 7n }),
});
const plan = fc.record<Plan>({
  name: fc.constantFrom('free', 'pro'),
  version: fc.integer({ min: 1, max: 9 }),
  currency: fc.constant('USD'),
  fee: amounts,
  minimum: amounts,
  prices: fc.record({ readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price }),
});
const time = fc.integer({ min: NOVEMBER.from, max: NOVEMBER.to - 1 });
const changes = fc.tuple(plan, fc.array(fc.record({ from: time, plan }), { maxLength: 3 })).map(([first, later]) => [
  { from: 0, plan: first },
  // Each version of a plan is one thing.
  ...later
    .sort((a, b) => a.from - b.from)
    .map((change, i) => ({ ...change, plan: { ...change.plan, version: 10 + i } })),
]);
const usage = fc.array(
  fc.record<Usage>({
    database: fc.constantFrom('a', 'b', 'c'),
    meter: fc.constantFrom(...METERS),
    at: time,
    quantity: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  }),
  { maxLength: 20 },
);
/** What arrives before each of some invoices. */
const arrivals = fc.array(usage, { minLength: 1, maxLength: 4 });

/** By meter and database, and by meter alone, with what stands beside no meter. */
function sums(lines: readonly InvoiceLine[]): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>();
  const add = (name: string, amount: bigint) => found.set(name, (found.get(name) ?? 0n) + amount);
  for (const line of lines) {
    const place = `${line.from} ${line.plan.name} ${line.plan.version}`;
    add(`${place} ${line.kind === 'meter' ? line.meter : line.kind}`, line.amount);
    if (line.kind !== 'meter') continue;
    add(`${place} ${line.meter} units`, line.quantity);
    add(`${place} ${line.meter} included`, line.included);
    for (const { database, quantity, amount } of line.databases) {
      add(`${place} ${line.meter} ${database}`, amount);
      add(`${place} ${line.meter} ${database} units`, quantity);
    }
  }
  return new Map([...found].filter(([, sum]) => sum !== 0n).sort());
}

describe('late lines', () => {
  it('and those before them come to exactly what is due, however late what was used is told', () => {
    fc.assert(
      fc.property(changes, arrivals, (plans, rounds) => {
        const billed: InvoiceLine[] = [];
        const known: Usage[] = [];
        for (const arrived of rounds) {
          known.push(...arrived);
          billed.push(...lateLinesOf(linesOf(NOVEMBER, plans, known), billed));
        }
        const due = linesOf(NOVEMBER, plans, known);
        expect(totalOf(billed)).toBe(totalOf(due));
        expect(sums(billed)).toEqual(sums(due));
      }),
    );
  });

  it('are the sum of their databases, each of them, and whole', () => {
    fc.assert(
      fc.property(changes, usage, usage, (plans, first, second) => {
        const before = linesOf(NOVEMBER, plans, first);
        for (const line of lateLinesOf(linesOf(NOVEMBER, plans, [...first, ...second]), before)) {
          expect(typeof line.amount).toBe('bigint');
          if (line.kind !== 'meter') continue;
          expect(totalOf(line.databases)).toBe(line.amount);
          expect(line.databases.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(line.quantity);
          expect(line.quantity).toBeGreaterThanOrEqual(0n);
          expect(line.amount).toBeGreaterThanOrEqual(0n);
        }
      }),
    );
  });

  it('never come to less than nothing where only more was used', () => {
    fc.assert(
      fc.property(changes, usage, usage, (plans, first, second) => {
        const late = lateLinesOf(linesOf(NOVEMBER, plans, [...first, ...second]), linesOf(NOVEMBER, plans, first));
        expect(totalOf(late)).toBeGreaterThanOrEqual(0n);
      }),
    );
  });

  it('are none where nothing came, and all of them where nothing was billed', () => {
    fc.assert(
      fc.property(changes, usage, (plans, all) => {
        const lines = linesOf(NOVEMBER, plans, all);
        expect(lateLinesOf(lines, lines)).toEqual([]);
        expect(lateLinesOf(lines, [])).toEqual(lines);
      }),
    );
  });

  it('take back a minimum that is used up by now, and what turns out not to be stored', () => {
    const free = { amount: 0n, per: 1n, included: 0n };
    const plans = [
      {
        from: 0,
        plan: {
          ...{ name: 'pro', version: 1, currency: 'USD', fee: 0n, minimum: 1_000n },
          prices: {
            ...{ writeUnits: free, egressBytes: free },
            readUnits: { amount: 1n, per: 1n, included: 0n },
            storedByteMs: { amount: 2n, per: 1n, included: 0n },
          },
        },
      },
    ];
    const use = (meter: Usage['meter'], quantity: bigint): Usage => ({
      database: 'a',
      meter,
      at: NOVEMBER.from,
      quantity,
    });
    const first = linesOf(NOVEMBER, plans, [use('readUnits', 300n), use('storedByteMs', 50n)]);
    expect(totalOf(first)).toBe(1_000n);
    const more = lateLinesOf(linesOf(NOVEMBER, plans, [use('readUnits', 1_300n), use('storedByteMs', 50n)]), first);
    expect(more).toMatchObject([
      { kind: 'meter', meter: 'readUnits', quantity: 1_000n, amount: 1_000n },
      { kind: 'minimum', amount: -600n },
    ]);
    const less = lateLinesOf(linesOf(NOVEMBER, plans, [use('readUnits', 300n)]), first);
    expect(less).toMatchObject([
      { kind: 'minimum', amount: 100n },
      {
        kind: 'meter',
        meter: 'storedByteMs',
        quantity: -50n,
        amount: -100n,
        databases: [{ database: 'a', quantity: -50n }],
      },
    ]);
  });
});

describe('the month before', () => {
  it('is that of the calendar in UTC, across years', () => {
    expect(monthBefore(Date.UTC(2027, 0, 31, 23))).toEqual({ from: Date.UTC(2026, 11), to: Date.UTC(2027, 0) });
    expect(monthBefore(Date.UTC(2026, 2, 31), 13)).toEqual({ from: Date.UTC(2025, 1), to: Date.UTC(2025, 2) });
  });
});
