import { totalOf, type InvoiceLine, type MeterLine } from './invoice-lines.js';
import { split, type Minor } from './money.js';

/**
 * What of the late lines of a period fits on an invoice that may not become negative: all of them, or else as much of those that take something back as there is room for. Of a line that does
 * not fit whole a part stands there, without units: those stay with what is still to come, and `lateLinesOf` finds exactly that the next time.
 *
 * @param late of one period, from `lateLinesOf`
 * @param room what the invoice comes to without them; not negative
 * @returns the same array where everything fits
 */
export function fittingLinesOf<L extends InvoiceLine>(late: readonly L[], room: Minor): readonly L[] {
  let beyond = -(room + totalOf(late));
  if (beyond <= 0n) return late;
  return late.flatMap((line) => {
    if (beyond <= 0n || line.amount >= 0n) return [line];
    const waiting = beyond < -line.amount ? beyond : -line.amount;
    beyond -= waiting;
    return waiting === -line.amount ? [] : [partOf(line, line.amount + waiting)];
  });
}

/** @param amount negative, and less of it than the line has */
function partOf<L extends InvoiceLine>(line: L, amount: Minor): L {
  if (line.kind !== 'meter') return { ...line, amount };
  return { ...line, quantity: 0n, included: 0n, amount, databases: partsOf(line, amount) };
}

/** Those that get something back have it in proportion. */
function partsOf({ databases }: MeterLine, amount: Minor): MeterLine['databases'] {
  const receiving = databases.filter((part) => part.amount < 0n);
  const amounts = split(
    -amount,
    receiving.map((part) => -part.amount),
  );
  return receiving.flatMap(({ database }, i) => {
    const part = amounts[i] ?? 0n;
    return part === 0n ? [] : [{ database, quantity: 0n, amount: -part }];
  });
}
