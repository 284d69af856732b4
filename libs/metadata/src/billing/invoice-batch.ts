import type { DueMonth } from './due-months.js';

/** What is computed and written together. */
export interface BatchBounds {
  readonly maxInvoices: number;
  /** Of all its organizations; one that has more by itself is alone. */
  readonly maxDatabases: number;
}

/** One calendar month of several organizations, whose invoices are made together. */
export type InvoiceBatch = readonly DueMonth[];

/**
 * Which months are made together: the batches of each period, in the order of organizations.
 *
 * @returns by period, the earliest in front, because a month waits for the one before it
 */
export function invoiceBatches(months: readonly DueMonth[], bounds: BatchBounds): readonly (readonly InvoiceBatch[])[] {
  const byPeriod = new Map<number, DueMonth[]>();
  for (const month of months) {
    const from = month.periodFrom.getTime();
    const known = byPeriod.get(from);
    if (known) known.push(month);
    else byPeriod.set(from, [month]);
  }
  return [...byPeriod].sort(([a], [b]) => a - b).map(([, due]) => cut(due, bounds));
}

function cut(months: readonly DueMonth[], { maxInvoices, maxDatabases }: BatchBounds): readonly InvoiceBatch[] {
  const batches: InvoiceBatch[] = [];
  let open: DueMonth[] = [];
  let databases = 0;
  for (const month of months) {
    if (open.length === maxInvoices || databases + month.databases > maxDatabases) {
      if (open.length > 0) batches.push(open);
      open = [];
      databases = 0;
    }
    open.push(month);
    databases += month.databases;
  }
  return open.length > 0 ? [...batches, open] : batches;
}
