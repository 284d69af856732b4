import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  exhaustionOf,
  minorOfNanos,
  MAX_BUDGET_WEIGHT,
  moneyWeights,
  NANOS_PER_MINOR,
  percentOf,
  UNIT_WEIGHTS,
  weighStorage,
  weighUsage,
} from './budget.js';
import { share } from './money.js';
import { monthOf } from './period.js';
import { PER, type Plan } from './plan.js';

const price = (amount: bigint, per: bigint) => ({ amount, per, included: 5n });
/** In cents: a quarter of a dollar for a million reads, a dollar for a million writes, 20 cents for a GB and month, 9 for a GB of egress. */
const PLAN: Pick<Plan, 'prices'> = {
  prices: {
    readUnits: price(25n, PER.million),
    writeUnits: price(100n, PER.million),
    storedByteMs: price(20n, 730n * PER.gigabyteHour),
    egressBytes: price(9n, PER.gigabyte),
  },
};
const NOTHING = { readUnits: 0n, writeUnits: 0n, egressBytes: 0n, storedByteMs: 0n };
const NOVEMBER = monthOf(Date.UTC(2026, 10, 28));

describe('what is counted of a budget', () => {
  it('is what things cost, to a billionth of a cent', () => {
    const weights = moneyWeights(PLAN);
    expect(weights).toEqual({ readUnits: 25_000n, writeUnits: 100_000n, egressBytes: 9n });
    const used = { ...NOTHING, readUnits: 4_000_000n, writeUnits: 1_000_000n, egressBytes: 1_000_000_000n };
    expect(weighUsage(used, weights)).toBe((100n + 100n + 9n) * NANOS_PER_MINOR);
    expect(minorOfNanos(weighStorage(730n * PER.gigabyteHour * 10n, PLAN))).toBe(200n);
  });

  it('is units of reads and writes where it has no currency', () => {
    expect(weighUsage({ readUnits: 3n, writeUnits: 4n, egressBytes: 5n, storedByteMs: 6n }, UNIT_WEIGHTS)).toBe(7n);
  });

  it('is never less than it costs, and more by less than a billionth for each unit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        (amount, per, units) => {
          const { readUnits } = moneyWeights({ prices: { ...PLAN.prices, readUnits: price(amount, per) } });
          const cost = amount * units * NANOS_PER_MINOR;
          expect(readUnits * units * per >= cost).toBe(true);
          expect(readUnits * units * per <= cost + units * per).toBe(true);
        },
      ),
    );
  });

  it('is at most what uses up any budget, whatever one thing costs', () => {
    const { readUnits } = moneyWeights({ prices: { ...PLAN.prices, readUnits: price(10n ** 12n, 1n) } });
    expect(readUnits).toBe(MAX_BUDGET_WEIGHT);
  });

  it('comes back as money to the nearest of its smallest unit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (nanos) => {
        expect(minorOfNanos(nanos)).toBe(share(1n, nanos, NANOS_PER_MINOR));
      }),
    );
    expect([minorOfNanos(499_999_999n), minorOfNanos(500_000_000n)]).toEqual([0n, 1n]);
  });
});

describe('when a budget will be used up', () => {
  const after = (days: number) => NOVEMBER.from + days * 86_400_000;

  it('is told by the pace since the month began', () => {
    expect(exhaustionOf(100n, 200n, NOVEMBER, after(10))).toBe(after(20));
    expect(exhaustionOf(100n, 300n, NOVEMBER, after(10))).toBeUndefined();
    expect(exhaustionOf(100n, 299n, NOVEMBER, after(10))).toBeLessThan(NOVEMBER.to);
  });

  it('is not told where nothing was used, where all is, and of a month that has not begun', () => {
    for (const [used, now] of [
      [0n, after(10)],
      [200n, after(10)],
      [300n, after(10)],
      [100n, after(0)],
      [100n, after(-1)],
    ] as const) {
      expect(exhaustionOf(used, 200n, NOVEMBER, now)).toBeUndefined();
    }
  });

  it('is never before now', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 18n }), fc.bigInt({ min: 1n, max: 10n ** 18n }), (used, more) => {
        const now = after(7);
        const at = exhaustionOf(used, used + more, NOVEMBER, now);
        if (at !== undefined) expect(at).toBeGreaterThan(now);
      }),
    );
  });

  it('has whole percents, rounded down', () => {
    expect([percentOf(999n, 1_000n), percentOf(2_000n, 1_000n), percentOf(0n, 0n)]).toEqual([99, 200, 100]);
  });
});
