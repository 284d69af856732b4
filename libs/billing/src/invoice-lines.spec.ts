import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { linesOf, totalOf, type Usage } from './invoice-lines.js';
import { monthOf, segmentsOf } from './period.js';
import { METERS, PER, type Plan } from './plan.js';

const NOVEMBER = monthOf(Date.UTC(2026, 10, 28, 12));
const MIDDLE = Date.UTC(2026, 10, 16);
const HOUR_MS = 3_600_000;

function planOf(more: Partial<Plan> = {}): Plan {
  return {
    name: 'pro',
    version: 1,
    currency: 'USD',
    fee: 2_000n,
    minimum: 0n,
    prices: {
      readUnits: { amount: 40n, per: PER.million, included: 1_000_000n },
      writeUnits: { amount: 200n, per: PER.million, included: 0n },
      storedByteMs: { amount: 1n, per: PER.gigabyteHour, included: 0n },
      egressBytes: { amount: 9n, per: PER.gigabyte, included: 0n },
    },
    ...more,
  };
}

const used = (meter: Usage['meter'], quantity: bigint, more: Partial<Usage> = {}): Usage => ({
  database: 'a',
  meter,
  at: NOVEMBER.from,
  quantity,
  ...more,
});

const amounts = fc.bigInt({ min: 0n, max: 100_000n });
const price = fc.record({
  amount: amounts,
  per: fc.bigInt({ min: 1n, max: 10n ** 7n }),
  included: fc.bigInt({ min: 0n, max: 10n ** 7n }),
});
const plan = fc.record({
  name: fc.constantFrom('free', 'pro'),
  version: fc.integer({ min: 1, max: 9 }),
  currency: fc.constant('USD'),
  fee: amounts,
  minimum: amounts,
  prices: fc.record({ readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price }),
});
const time = fc.integer({ min: NOVEMBER.from, max: NOVEMBER.to - 1 });
const usage = fc.array(
  fc.record({
    database: fc.constantFrom('a', 'b', 'c'),
    meter: fc.constantFrom(...METERS),
    at: time,
    quantity: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  }),
  { maxLength: 30 },
);
const changes = fc
  .tuple(plan, fc.array(fc.record({ from: time, plan }), { maxLength: 4 }))
  .map(([first, later]) => [{ from: 0, plan: first }, ...later.sort((a, b) => a.from - b.from)]);

describe('the lines of an invoice', () => {
  it('take each unit once, and split into databases without a cent lost', () => {
    fc.assert(
      fc.property(changes, usage, (plans, all) => {
        const lines = linesOf(NOVEMBER, plans, all);
        for (const meter of METERS) {
          const asked = all.filter((one) => one.meter === meter).reduce((sum, { quantity }) => sum + quantity, 0n);
          const billed = lines.flatMap((line) => (line.kind === 'meter' && line.meter === meter ? [line] : []));
          expect(billed.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(asked);
          for (const { databases, quantity, amount } of billed) {
            expect(databases.reduce((sum, part) => sum + part.quantity, 0n)).toBe(quantity);
            expect(totalOf(databases)).toBe(amount);
          }
        }
      }),
    );
  });

  it('do not depend on the order in which usage is told, or on how it is cut', () => {
    fc.assert(
      fc.property(changes, usage, (plans, all) => {
        const cut = all.flatMap((one) => [
          { ...one, quantity: one.quantity / 3n },
          { ...one, quantity: one.quantity - one.quantity / 3n },
        ]);
        expect(linesOf(NOVEMBER, plans, cut.reverse())).toEqual(linesOf(NOVEMBER, plans, all));
      }),
    );
  });

  it('are never negative, and never cost less for more', () => {
    fc.assert(
      fc.property(changes, usage, usage, (plans, all, more) => {
        const lines = linesOf(NOVEMBER, plans, all);
        expect(lines.every(({ amount }) => amount >= 0n)).toBe(true);
        expect(totalOf(linesOf(NOVEMBER, plans, [...all, ...more]))).toBeGreaterThanOrEqual(totalOf(lines));
      }),
    );
  });

  it('come to one fee, however often a plan is told again', () => {
    fc.assert(
      fc.property(plan, fc.array(time, { maxLength: 6 }), (one, times) => {
        const plans = [0, ...times.sort((a, b) => a - b)].map((from) => ({ from, plan: { ...one, minimum: 0n } }));
        expect(totalOf(linesOf(NOVEMBER, plans, []))).toBe(one.fee);
      }),
    );
  });

  it('charge what is beyond the included units', () => {
    const lines = linesOf(
      NOVEMBER,
      [{ from: 0, plan: planOf() }],
      [used('readUnits', 3_500_000n), used('writeUnits', 12_345n)],
    );
    expect(lines).toMatchObject([
      { kind: 'fee', amount: 2_000n },
      { kind: 'meter', meter: 'readUnits', quantity: 3_500_000n, included: 1_000_000n, amount: 100n },
      // 2.469 cents
      { kind: 'meter', meter: 'writeUnits', quantity: 12_345n, included: 0n, amount: 2n },
    ]);
    expect(totalOf(lines)).toBe(2_102n);
  });

  it('count a gigabyte that is stored for a month by the hour', () => {
    const stored = Array.from({ length: 720 }, (_, hour) =>
      used('storedByteMs', 1_000_000_000n * BigInt(HOUR_MS), { at: NOVEMBER.from + hour * HOUR_MS }),
    );
    const [, line] = linesOf(NOVEMBER, [{ from: 0, plan: planOf() }], stored);
    expect(line?.amount).toBe(720n);
  });

  it('bill by the plan of the time, and fees in proportion to it', () => {
    const plans = [
      { from: 0, plan: planOf({ name: 'free', fee: 0n }) },
      { from: MIDDLE, plan: planOf({ fee: 3_001n }) },
    ];
    const lines = linesOf(NOVEMBER, plans, [
      used('readUnits', 500_001n, { at: MIDDLE - 1 }),
      used('readUnits', 5_500_000n, { at: MIDDLE }),
    ]);
    expect(lines).toMatchObject([
      { kind: 'meter', plan: { name: 'free' }, included: 500_000n, amount: 0n },
      { kind: 'fee', plan: { name: 'pro' }, from: MIDDLE, amount: 1_500n },
      { kind: 'meter', plan: { name: 'pro' }, included: 500_000n, amount: 200n },
    ]);
  });

  it('include what of a unit is in proportion as a whole one', () => {
    const one = planOf({ prices: { ...planOf().prices, readUnits: { amount: 40n, per: 1n, included: 1n } } });
    const lines = linesOf(NOVEMBER, [{ from: MIDDLE, plan: one }], [used('readUnits', 1n, { at: MIDDLE })]);
    expect(lines.find(({ kind }) => kind === 'meter')).toMatchObject({ quantity: 1n, included: 1n, amount: 0n });
  });

  it('fill up to the minimum, in proportion to the time that it holds', () => {
    const plans = [{ from: MIDDLE, plan: planOf({ fee: 100n, minimum: 1_000n }) }];
    const cheap = linesOf(NOVEMBER, plans, [used('writeUnits', 1_000_000n, { at: MIDDLE })]);
    expect(cheap.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['fee', 50n],
      ['meter', 200n],
      ['minimum', 250n],
    ]);
    const dear = linesOf(NOVEMBER, plans, [used('writeUnits', 9_000_000n, { at: MIDDLE })]);
    expect(dear.map(({ kind }) => kind)).toEqual(['fee', 'meter']);
  });
});

describe('the parts of a period', () => {
  it('cover it from the first plan on, without overlap', () => {
    fc.assert(
      fc.property(changes, (plans) => {
        const segments = segmentsOf(NOVEMBER, plans);
        expect(segments[0]?.from).toBe(NOVEMBER.from);
        expect(segments.at(-1)?.to).toBe(NOVEMBER.to);
        segments.slice(1).forEach(({ from }, i) => expect(from).toBe(segments[i]?.to));
      }),
    );
  });

  it('are of the month in UTC', () => {
    expect(monthOf(Date.UTC(2026, 11, 31, 23, 59))).toEqual({ from: Date.UTC(2026, 11), to: Date.UTC(2027, 0) });
  });
});
