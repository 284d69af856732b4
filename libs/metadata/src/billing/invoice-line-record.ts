import type { InvoiceLine, Meter } from '@leasehold/billing';

import type { DraftLine, InvoiceDraft } from './invoice-draft.js';

/** A line of an invoice, issued or not. */
export interface InvoiceLineRecord {
  /** From 1. */
  readonly line: number;
  readonly kind: InvoiceLine['kind'];
  /** When the period begins that it is for: before the invoice's where it came late. */
  readonly periodFrom: Date;
  /** The part of the period in which the plan held. */
  readonly from: Date;
  readonly to: Date;
  readonly plan: string;
  /** 0: the plan had no prices. */
  readonly planVersion: number;
  /** Null: a fee or a minimum. */
  readonly meter: Meter | null;
  /** In units of the meter. */
  readonly quantity: bigint;
  /** Of the quantity, what is free. */
  readonly included: bigint;
  /** `price.amount` for each `price.per` units. */
  readonly price: { readonly amount: bigint; readonly per: bigint };
  /** In the smallest unit of the currency; negative where it takes back what was billed before. */
  readonly amount: bigint;
  /** When the first and the last hour began, or mark of a size was made, that it counts. */
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  /** Hourly rows, or marks of sizes, that it counts; and their digest (docs/billing.md). */
  readonly entries: bigint;
  readonly digest: string | null;
}

/** What of a line is a database's. */
export interface LineDatabaseRecord {
  readonly line: number;
  readonly databaseId: string;
  readonly name: string;
  /** What is stored counts until then. */
  readonly deletedAt: Date | null;
  readonly quantity: bigint;
  readonly amount: bigint;
}

/** The lines of a draft, numbered. */
export function lineRecordsOf({ lines }: InvoiceDraft): readonly InvoiceLineRecord[] {
  return lines.map(lineRecord);
}

/** By line, then by ascending id. */
export function lineDatabasesOf({ lines, databases }: InvoiceDraft): readonly LineDatabaseRecord[] {
  return lines.flatMap((line, i) => {
    if (line.kind !== 'meter') return [];
    return line.databases.map(({ database, quantity, amount }) => {
      const { name = '', deletedAt = null } = databases.get(database) ?? {};
      return { line: i + 1, databaseId: database, name, deletedAt, quantity, amount };
    });
  });
}

function lineRecord(line: DraftLine, i: number): InvoiceLineRecord {
  const { kind, periodFrom, from, to, plan, amount, evidence } = line;
  const metered = line.kind === 'meter' ? line : undefined;
  return {
    line: i + 1,
    kind,
    periodFrom: new Date(periodFrom),
    from: new Date(from),
    to: new Date(to),
    plan: plan.name,
    planVersion: plan.version,
    meter: metered?.meter ?? null,
    quantity: metered?.quantity ?? 0n,
    included: metered?.included ?? 0n,
    price: metered?.price ?? { amount: 0n, per: 1n },
    amount,
    firstAt: evidence?.firstAt ?? null,
    lastAt: evidence?.lastAt ?? null,
    entries: evidence?.entries ?? 0n,
    digest: evidence?.digest ?? null,
  };
}
