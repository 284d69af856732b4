import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { share, split } from './money.js';

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 20 });
const sum = (parts: readonly bigint[]) => parts.reduce((total, part) => total + part, 0n);

describe('a share of an amount', () => {
  it('is within half a minor unit of the exact one', () => {
    fc.assert(
      fc.property(amount, amount, fc.bigInt({ min: 1n, max: 10n ** 15n }), (whole, part, of) => {
        const error = share(whole, part, of) * of - whole * part;
        expect(2n * (error < 0n ? -error : error)).toBeLessThanOrEqual(of);
      }),
    );
  });

  it('rounds halves away from zero, credits like debts', () => {
    expect([share(1n, 1n, 2n), share(3n, 1n, 2n), share(-1n, 1n, 2n), share(-3n, 1n, 2n)]).toEqual([1n, 2n, -1n, -2n]);
    expect([share(1n, 1n, 3n), share(2n, 1n, 3n), share(-2n, 1n, 3n)]).toEqual([0n, 1n, -1n]);
  });
});

describe('an amount that is split', () => {
  it('adds up to itself', () => {
    fc.assert(fc.property(amount, weights, (whole, by) => expect(sum(split(whole, by))).toBe(whole)));
  });

  it('gives each part what is due to it, to less than a minor unit', () => {
    fc.assert(
      fc.property(amount, weights, (whole, by) => {
        const total = sum(by);
        if (total === 0n) return;
        split(whole, by).forEach((part, i) => {
          const error = part * total - whole * (by[i] ?? 0n);
          expect(error < 0n ? -error : error).toBeLessThan(total);
        });
      }),
    );
  });

  it('gives nothing to a part without weight, and odd cents to whom they are owed most', () => {
    expect(split(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(split(2n, [0n, 3n, 5n])).toEqual([0n, 1n, 1n]);
    expect(split(5n, [0n, 0n])).toEqual([5n, 0n]);
  });
});
