import { describe, expect, it } from '@jest/globals';
import { fittingLinesOf, type MeterLine } from '@leasehold/billing';
import fc from 'fast-check';

interface ToolLine {
  readonly kind: string;
  readonly amount: bigint;
  readonly quantity: bigint;
  readonly included: bigint;
  readonly parts: readonly { readonly database: string; readonly quantity: bigint; readonly amount: bigint }[];
}

const { fitting } = (await import(new URL('./comparison.mjs', import.meta.url).href)) as {
  readonly fitting: (lines: readonly ToolLine[], room: bigint) => readonly ToolLine[];
};

/** Of one meter, by databases. */
function lineOf(amounts: readonly bigint[]): MeterLine {
  const amount = amounts.reduce((sum, each) => sum + each, 0n);
  return {
    ...{ kind: 'meter', from: 0, to: 1, plan: { name: 'pro', version: 1 }, meter: 'storedByteMs' },
    ...{ price: { amount: 1n, per: 1n }, quantity: 3n * amount, included: amount, amount },
    databases: amounts.map((each, i) => ({ database: `d${i}`, quantity: 3n * each, amount: each })),
  };
}

const forTool = ({ kind, amount, quantity, included, databases }: MeterLine): ToolLine => ({
  ...{ kind, amount, quantity, included, parts: databases },
});

describe('the script that computes invoices anew', () => {
  it('has as much of late lines fit on an invoice as the product has', () => {
    const amounts = fc.array(fc.bigInt({ min: -99n, max: 60n }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 4 }), fc.bigInt({ min: 0n, max: 300n }), (drawn, room) => {
        const lines = drawn.map(lineOf);
        expect(fitting(lines.map(forTool), room)).toEqual(fittingLinesOf(lines, room).map(forTool));
      }),
    );
  });
});
