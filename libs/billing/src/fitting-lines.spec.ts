import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fittingLinesOf } from './fitting-lines.js';
import { totalOf, type InvoiceLine } from './invoice-lines.js';
import { lateLinesOf } from './late-lines.js';
import { monthOf } from './period.js';

const NOVEMBER = monthOf(Date.UTC(2026, 10, 28));
const place = { ...NOVEMBER, plan: { name: 'pro', version: 1 } };

const amount = fc.bigInt({ min: -1_000n, max: 1_000n });
/** Each kind once, and each meter, as in what `lateLinesOf` gives. */
const lines = fc.record({
  fee: amount,
  minimum: amount,
  reads: fc.array(amount, { minLength: 1, maxLength: 4 }),
  stored: fc.array(amount, { minLength: 1, maxLength: 4 }),
});
type Amounts = Parameters<Parameters<typeof lines.map>[0]>[0];

function linesWith({ fee, minimum, reads, stored }: Amounts): readonly InvoiceLine[] {
  const meter = (name: 'readUnits' | 'storedByteMs', amounts: readonly bigint[]): InvoiceLine => ({
    ...{ kind: 'meter', ...place, meter: name, price: { amount: 1n, per: 1n }, included: -3n },
    ...{ quantity: totalOf(amounts.map((each) => ({ amount: 2n * each }))) },
    amount: totalOf(amounts.map((each) => ({ amount: each }))),
    databases: amounts.map((each, i) => ({ database: `d${i}`, quantity: 2n * each, amount: each })),
  });
  return [
    { kind: 'fee', ...place, amount: fee },
    meter('readUnits', reads),
    meter('storedByteMs', stored),
    { kind: 'minimum', ...place, amount: minimum },
  ];
}

describe('the late lines that fit on an invoice', () => {
  it('are all of them where it does not become negative', () => {
    const late = linesWith({ fee: -5n, minimum: 0n, reads: [3n], stored: [-2n] });
    expect(fittingLinesOf(late, 4n)).toBe(late);
    expect(fittingLinesOf(late, 3n)).not.toBe(late);
  });

  it('use up what there is, and not more; each is the sum of its databases', () => {
    fc.assert(
      fc.property(lines, fc.bigInt({ min: 0n, max: 3_000n }), (amounts, room) => {
        const late = linesWith(amounts);
        const fitting = fittingLinesOf(late, room);
        const all = room + totalOf(late);
        expect(room + totalOf(fitting)).toBe(all < 0n ? 0n : all);
        for (const line of fitting) if (line.kind === 'meter') expect(totalOf(line.databases)).toBe(line.amount);
      }),
    );
  });

  it('come to exactly what is due with those of later invoices, however little room each has', () => {
    fc.assert(
      fc.property(lines, lines, fc.bigInt({ min: 200n, max: 900n }), (before, after, room) => {
        const [due, billed] = [linesWith(after), [...linesWith(before)]];
        // Ends: each but the last uses up its room.
        for (let invoices = 0; ; invoices++) {
          expect(invoices).toBeLessThan(200);
          const late = lateLinesOf(due, billed);
          const fitting = fittingLinesOf(late, room);
          billed.push(...fitting);
          if (fitting === late) break;
        }
        expect(lateLinesOf(due, billed)).toEqual([]);
        expect(totalOf(billed)).toBe(totalOf(due));
      }),
    );
  });

  it('have no units where only a part fits: those come with the rest', () => {
    const late = linesWith({ fee: 0n, minimum: 0n, reads: [-30n, -10n], stored: [5n] });
    expect(fittingLinesOf(late, 15n)).toMatchObject([
      { kind: 'fee' },
      {
        ...{ meter: 'readUnits', quantity: 0n, included: 0n, amount: -20n },
        databases: [
          { database: 'd0', quantity: 0n, amount: -15n },
          { database: 'd1', quantity: 0n, amount: -5n },
        ],
      },
      { meter: 'storedByteMs', amount: 5n },
      { kind: 'minimum' },
    ]);
  });
});
