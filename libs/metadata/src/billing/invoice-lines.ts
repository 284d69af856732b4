import type { InvoiceLine, Meter } from '@leasehold/billing';

import type { Prisma, PrismaClient } from '../generated/client.js';
import { wholeOf } from './billed-lines.js';
import type { InvoiceLineRecord, LineDatabaseRecord } from './invoice-line-record.js';

/** Usage records of one session that are in an invoice: those of the session with numbers up to `last`. */
export interface SessionRecords {
  readonly session: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly count: bigint;
}

/** What stands on issued invoices, and where it comes from. */
export class InvoiceLines {
  constructor(private readonly prisma: PrismaClient) {}

  /** By number. @param after only later ones */
  async list(invoiceId: string, after: number, limit: number): Promise<readonly InvoiceLineRecord[]> {
    const rows = await this.prisma.invoiceLine.findMany({
      where: { invoiceId, line: { gt: after } },
      orderBy: { line: 'asc' },
      take: limit,
    });
    return rows.map(recordOf);
  }

  /** By line, then by id. @param after only those behind */
  async databases(
    invoiceId: string,
    after: Pick<LineDatabaseRecord, 'line' | 'databaseId'> | undefined,
    limit: number,
  ): Promise<readonly LineDatabaseRecord[]> {
    const { line = 0, databaseId = '' } = after ?? {};
    const behind = [{ line: { gt: line } }, ...(after ? [{ line, databaseId: { gt: databaseId } }] : [])];
    const rows = await this.prisma.invoiceLineDatabase.findMany({
      where: { invoiceId, OR: behind },
      orderBy: [{ line: 'asc' }, { databaseId: 'asc' }],
      take: limit,
    });
    return rows.map(({ invoiceId: _, quantity, ...row }) => ({ ...row, quantity: wholeOf(quantity) }));
  }

  /**
   * The usage records of the bucket that were taken up to a position, by session, which is by time. Of every period: what is stored was told when it changed, however long
   * ago.
   *
   * @param recordsTo of an invoice
   * @param after only later sessions
   */
  records(recordsTo: bigint, after: string, limit: number): Promise<readonly SessionRecords[]> {
    return this.prisma.$queryRaw<SessionRecords[]>`
      SELECT session, min(number) AS first, max(number) AS last, count(*) AS count FROM usage_records
      WHERE position <= ${recordsTo}::bigint AND session > ${after} GROUP BY session ORDER BY session LIMIT ${limit}::int`;
  }
}

function recordOf(row: Prisma.InvoiceLineModel): InvoiceLineRecord {
  return {
    line: row.line,
    kind: row.kind as InvoiceLine['kind'],
    periodFrom: row.periodFrom,
    from: row.fromAt,
    to: row.toAt,
    plan: row.planId,
    planVersion: row.planVersion,
    meter: row.meter as Meter | null,
    quantity: wholeOf(row.quantity),
    included: wholeOf(row.included),
    price: { amount: row.priceAmount, per: wholeOf(row.pricePer) },
    amount: row.amount,
    firstAt: row.firstAt,
    lastAt: row.lastAt,
    entries: row.entries,
    digest: row.digest,
  };
}
