import { amountsOf, totalMicros, totalOf, type Meter } from '@leasehold/billing';
import type { CostReckoning, CostRow, UsageGroup } from '@leasehold/metadata';

import { amountOf } from '../invoices/invoice-view.js';

/** Meters that cost something, as rows of usage name them. */
export const BILLED_METERS = {
  writeUnits: 'writeUnits',
  readUnits: 'readUnits',
  egressBytes: 'egressBytes',
  storedGbHours: 'storedByteMs',
} as const satisfies Readonly<Record<string, Meter>>;
export type BilledMeter = keyof typeof BILLED_METERS;
export const BILLED_NAMES = Object.keys(BILLED_METERS) as readonly BilledMeter[];

/** Of a database, for people. */
export interface DatabaseFacts {
  readonly name: string;
  readonly deletedAt: Date | null;
}

/** What one step cost. Amounts are whole millionths of the smallest unit of the currency. Where one meter is asked for, the others and the total are left out. */
export interface CostView {
  readonly from: Date;
  /** The id; only where databases are told apart, as are the next two. */
  readonly database?: string;
  readonly name?: string;
  readonly deletedAt?: Date | null;
  /** The id; only where keys are told apart. Null: what no key did, and what is stored. */
  readonly key?: string | null;
  /** The value; only where labels are told apart. Null: of databases without that label. */
  readonly label?: string | null;
  readonly costMicros: Readonly<Partial<Record<BilledMeter | 'total', string>>>;
}

/** @param databases by id */
export function costView(
  { from, group: of, cost }: CostRow,
  { group, meter }: { readonly group: UsageGroup | undefined; readonly meter: Meter | undefined },
  databases: ReadonlyMap<string, DatabaseFacts>,
): CostView {
  const facts = databases.get(of ?? '');
  const begin = {
    from,
    ...(group === 'database' && { database: of ?? '', name: facts?.name ?? '', deletedAt: facts?.deletedAt ?? null }),
    ...(group === 'key' && { key: of }),
    ...(typeof group === 'object' && { label: of }),
  };
  const shown = BILLED_NAMES.filter((name) => meter === undefined || BILLED_METERS[name] === meter);
  const micros = Object.fromEntries(shown.map((name) => [name, String(cost[BILLED_METERS[name]])]));
  return { ...begin, costMicros: meter === undefined ? { ...micros, total: String(totalMicros(cost)) } : micros };
}

/** What the month comes to, in the smallest unit of the currency: the lines of its invoice, by what they are for. */
export function amountsView({ cost }: CostReckoning) {
  const { storedByteMs, ...amounts } = amountsOf(cost.lines);
  const { writeUnits, readUnits, egressBytes, fee, minimum } = amounts;
  return {
    writeUnits: amountOf(writeUnits),
    readUnits: amountOf(readUnits),
    egressBytes: amountOf(egressBytes),
    storedGbHours: amountOf(storedByteMs),
    fee: amountOf(fee),
    minimum: amountOf(minimum),
    total: amountOf(totalOf(cost.lines)),
  };
}
