import type { InvoiceLine, Meter, MeterLine } from '@leasehold/billing';

import type { Prisma } from '../generated/client.js';
import type { UsedDatabase } from './billed-usage.js';

export interface BilledLines {
  readonly lines: readonly InvoiceLine[];
  readonly databases: readonly UsedDatabase[];
}

type LineRow = Prisma.InvoiceLineModel & { readonly databases: readonly Prisma.InvoiceLineDatabaseModel[] };

/** Everything that was billed for a period of an organization, by whichever invoices, also those that are void: what is void is not billed again. */
export async function billedLines(
  transaction: Pick<Prisma.TransactionClient, 'invoiceLine'>,
  organizationId: string,
  periodFrom: number,
): Promise<BilledLines> {
  const rows = await transaction.invoiceLine.findMany({
    where: { periodFrom: new Date(periodFrom), invoice: { organizationId } },
    include: { databases: true },
  });
  return {
    lines: rows.map(lineOf),
    databases: rows.flatMap(({ databases }) =>
      databases.map(({ databaseId, name, deletedAt }) => ({ id: databaseId, name, deletedAt })),
    ),
  };
}

function lineOf(row: LineRow): InvoiceLine {
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
    databases: row.databases.map(({ databaseId, quantity, amount }) => ({
      database: databaseId,
      quantity: wholeOf(quantity),
      amount,
    })),
  };
  return meter;
}

/** Without an exponent, however large. */
export function wholeOf(decimal: Prisma.Decimal): bigint {
  return BigInt(decimal.toFixed(0));
}
