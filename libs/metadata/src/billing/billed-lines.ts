import type { InvoiceLine, Meter, MeterLine } from '@leasehold/billing';

import type { Prisma } from '../generated/client.js';
import type { UsedDatabase } from './billed-usage.js';
import { byOrganization } from './by-organization.js';

export interface BilledLines {
  readonly lines: readonly InvoiceLine[];
  readonly databases: readonly UsedDatabase[];
}

/**
 * Everything that was billed for a period of organizations, by whichever invoices, also those that are void: what is void is not billed again.
 *
 * @returns of each of which something was
 */
export async function billedLines(
  transaction: Pick<Prisma.TransactionClient, 'invoice' | 'invoiceLine' | '$queryRaw'>,
  organizationIds: readonly string[],
  periodFrom: number,
): Promise<ReadonlyMap<string, BilledLines>> {
  // The period's own invoice, and those of later ones with what came late.
  const invoices = await transaction.invoice.findMany({
    where: { organizationId: { in: [...organizationIds] }, periodFrom: { gte: new Date(periodFrom) } },
    select: { id: true, organizationId: true },
  });
  const ids = invoices.map(({ id }) => id);
  const rows = await transaction.invoiceLine.findMany({
    where: { invoiceId: { in: ids }, periodFrom: new Date(periodFrom) },
  });
  const parts = await transaction.$queryRaw<PartRow[]>`
    SELECT d.invoice_id AS "invoiceId", d.line, d.database_id::text AS "databaseId", d.name, d.deleted_at AS "deletedAt",
      d.quantity::text AS quantity, d.amount
    FROM invoice_lines l JOIN invoice_line_databases d ON d.invoice_id = l.invoice_id AND d.line = l.line
    WHERE l.invoice_id = ANY (${ids}::text[]) AND l.period_from = ${new Date(periodFrom)}::timestamptz`;
  const owners = new Map(invoices.map(({ id, organizationId }) => [id, organizationId]));
  const owned = <R extends { readonly invoiceId: string }>(row: R) => ({
    ...row,
    organizationId: owners.get(row.invoiceId) ?? '',
  });
  const partsOf = byOrganization(parts.map(owned));
  return new Map(
    [...byOrganization(rows.map(owned))].map(([id, own]) => [id, billedOf(own, partsOf.get(id) ?? [])] as const),
  );
}

function billedOf(rows: readonly Prisma.InvoiceLineModel[], parts: readonly PartRow[]): BilledLines {
  const byLine = new Map<string, PartRow[]>();
  for (const part of parts) {
    const place = `${part.invoiceId} ${part.line}`;
    const known = byLine.get(place);
    if (known) known.push(part);
    else byLine.set(place, [part]);
  }
  return {
    lines: rows.map((row) => lineOf(row, byLine.get(`${row.invoiceId} ${row.line}`) ?? [])),
    databases: parts.map(({ databaseId, name, deletedAt }) => ({ id: databaseId, name, deletedAt })),
  };
}

interface PartRow {
  readonly invoiceId: string;
  readonly line: number;
  readonly databaseId: string;
  readonly name: string;
  readonly deletedAt: Date | null;
  readonly quantity: string;
  readonly amount: bigint;
}

function lineOf(row: Prisma.InvoiceLineModel, parts: readonly PartRow[]): InvoiceLine {
  const common = {
    from: row.fromAt.getTime(),
    to: row.toAt.getTime(),
    plan: { name: row.planId, version: row.planVersion },
    amount: row.amount,
  };
  if (row.kind !== 'meter') return { kind: row.kind as 'fee' | 'minimum', ...common };
  const meter: MeterLine = {
    kind: 'meter',
    ...common,
    meter: row.meter as Meter,
    quantity: wholeOf(row.quantity),
    included: wholeOf(row.included),
    price: { amount: row.priceAmount, per: wholeOf(row.pricePer) },
    databases: parts.map(({ databaseId, quantity, amount }) => ({
      database: databaseId,
      quantity: BigInt(quantity),
      amount,
    })),
  };
  return meter;
}

/** Without an exponent, however large. */
export function wholeOf(decimal: Prisma.Decimal): bigint {
  return BigInt(decimal.toFixed(0));
}
