import type { FlatLine, InvoiceLine, MeterLine } from './invoice-lines.js';
import type { Minor } from './money.js';

type DatabasePart = MeterLine['databases'][number];

/**
 * What a period that was billed comes to beyond that, by now: `due` less `billed`, line by line and database by database. Together with what was billed it is exactly
 * what is due, to the unit and to the cent. A meter that grew is a line with what it grew by; where a minimum was billed that
 * is used up by now, its line is negative. Empty when nothing has changed.
 *
 * @param due of the whole period, from {@link linesOf}
 * @param billed of the same period, by any number of invoices
 */
export function lateLinesOf(due: readonly InvoiceLine[], billed: readonly InvoiceLine[]): readonly InvoiceLine[] {
  const places = new Map<string, { readonly line: InvoiceLine; owed: InvoiceLine[]; told: InvoiceLine[] }>();
  const placeOf = (line: InvoiceLine) => {
    const key = [line.kind, line.kind === 'meter' ? line.meter : '', line.from, line.plan.name, line.plan.version].join(
      ' ',
    );
    const place = places.get(key) ?? { line, owed: [], told: [] };
    places.set(key, place);
    return place;
  };
  for (const line of due) placeOf(line).owed.push(line);
  for (const line of billed) placeOf(line).told.push(line);
  return [...places.values()].flatMap(({ line, owed, told }) => {
    const amount = sum(owed, amountOf) - sum(told, amountOf);
    const late = line.kind === 'meter' ? lateMeter(line, amount, owed, told) : lateFlat(line, amount);
    return late ? [late] : [];
  });
}

function lateFlat(line: FlatLine, amount: Minor): FlatLine | undefined {
  return amount === 0n ? undefined : { ...line, amount };
}

function lateMeter(
  line: MeterLine,
  amount: Minor,
  owed: readonly InvoiceLine[],
  told: readonly InvoiceLine[],
): MeterLine | undefined {
  const [now, before] = [owed.filter(isMeter), told.filter(isMeter)];
  const quantity = sum(now, quantityOf) - sum(before, quantityOf);
  const included = sum(now, ({ included: free }) => free) - sum(before, ({ included: free }) => free);
  const databases = lateDatabases(now.flatMap(partsOf), before.flatMap(partsOf));
  return databases.length === 0 && amount === 0n ? undefined : { ...line, quantity, included, amount, databases };
}

function lateDatabases(now: readonly DatabasePart[], before: readonly DatabasePart[]): readonly DatabasePart[] {
  const ids = [...new Set([...now, ...before].map(({ database }) => database))].sort();
  const owed = totals(now);
  const told = totals(before);
  return ids.flatMap((database) => {
    const [{ quantity: q, amount: a } = NOTHING, { quantity, amount } = NOTHING] = [
      owed.get(database),
      told.get(database),
    ];
    const late = { database, quantity: q - quantity, amount: a - amount };
    return late.quantity === 0n && late.amount === 0n ? [] : [late];
  });
}

const NOTHING = { quantity: 0n, amount: 0n };

function totals(parts: readonly DatabasePart[]): ReadonlyMap<string, typeof NOTHING> {
  const found = new Map<string, typeof NOTHING>();
  for (const { database, quantity, amount } of parts) {
    const known = found.get(database) ?? NOTHING;
    found.set(database, { quantity: known.quantity + quantity, amount: known.amount + amount });
  }
  return found;
}

const isMeter = (line: InvoiceLine): line is MeterLine => line.kind === 'meter';
const amountOf = ({ amount }: { readonly amount: Minor }) => amount;
const quantityOf = ({ quantity }: { readonly quantity: bigint }) => quantity;
const partsOf = ({ databases }: MeterLine) => databases;

function sum<T>(items: readonly T[], of: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + of(item), 0n);
}
