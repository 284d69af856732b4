import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { burstShare, rateShare } from './rate-share.js';

const TOTAL = 1_000;
const demands = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 20 });
const totals = fc.double({ min: 0.1, max: 1_000_000, noNaN: true });

function shares(total: number, asked: readonly number[]): readonly number[] {
  const sum = asked.reduce((a, b) => a + b, 0);
  return asked.map((own) => rateShare({ total, own, others: sum - own, gateways: asked.length }));
}

describe('the share of a rate', () => {
  it.each([
    [
      [0, 0, 0],
      [333.3, 333.3, 333.3],
    ],
    [
      [900, 0, 0],
      [933.3, 33.3, 33.3],
    ],
    [
      [970, 10, 10],
      [973.3, 13.3, 13.3],
    ],
    [
      [980, 10, 10],
      [973.5, 13.2, 13.2],
    ],
    [
      [1_000, 0, 0],
      [993.3, 3.3, 3.3],
    ],
    [
      [2_940, 30, 30],
      [973.5, 13.2, 13.2],
    ],
    [
      [1_000, 1_000, 1_000],
      [333.3, 333.3, 333.3],
    ],
    [[5_000], [1_000]],
  ])('of demands %p is %p', (asked, expected) => {
    const found = shares(TOTAL, asked);
    for (const [at, share] of expected.entries()) expect(found[at]).toBeCloseTo(share, 0);
  });

  it('adds up to the total, whatever is asked of whom', () => {
    fc.assert(
      fc.property(totals, demands, (total, asked) => {
        const sum = shares(total, asked).reduce((a, b) => a + b, 0);
        expect(Math.abs(sum / total - 1)).toBeLessThan(1e-6);
      }),
    );
  });

  it('is what is asked, at least, while there is enough for all, and never less than a part of a hundredth', () => {
    fc.assert(
      fc.property(totals, demands, (total, asked) => {
        const enough = asked.reduce((a, b) => a + b, 0) <= 0.99 * total;
        for (const [at, share] of shares(total, asked).entries()) {
          expect(share).toBeGreaterThanOrEqual((0.01 * total * (1 - 1e-9)) / asked.length);
          if (enough) expect(share).toBeGreaterThanOrEqual((asked[at] as number) * (1 - 1e-9));
        }
      }),
    );
  });

  it('does not jump where what is asked comes up to what there is', () => {
    fc.assert(
      fc.property(totals, fc.double({ min: 0, max: 1, noNaN: true }), (total, part) => {
        const share = (asked: number) =>
          rateShare({ total, own: part * asked, others: (1 - part) * asked, gateways: 3 });
        for (const edge of [0.99 * total, total]) {
          expect(Math.abs(share(edge * (1 + 1e-6)) - share(edge)) / total).toBeLessThan(1e-5);
        }
      }),
    );
  });

  it('leaves a burst to each while there is enough for all, and else once to all together', () => {
    fc.assert(
      fc.property(totals, demands, (total, asked) => {
        const sum = asked.reduce((a, b) => a + b, 0);
        const burst = 2 * total + 100;
        const bursts = asked.map((own) => burstShare(burst, { total, own, others: sum - own, gateways: asked.length }));
        const all = bursts.reduce((a, b) => a + b, 0);
        if (sum <= total || asked.length === 1) expect(bursts).toEqual(asked.map(() => burst));
        else expect(all).toBeLessThanOrEqual(burst * (1 + 1e-6) + asked.length);
        for (const one of bursts) expect(one).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('is no smaller for who is asked more', () => {
    fc.assert(
      fc.property(totals, demands, fc.double({ min: 1, max: 100, noNaN: true }), (total, asked, factor) => {
        const [own = 0, ...rest] = asked;
        const others = rest.reduce((a, b) => a + b, 0);
        const gateways = asked.length;
        const before = rateShare({ total, own, others, gateways });
        const after = rateShare({ total, own: own * factor, others, gateways });
        expect(after).toBeGreaterThanOrEqual(before * (1 - 1e-9));
      }),
    );
  });
});
