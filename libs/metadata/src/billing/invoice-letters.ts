import { Prisma, type PrismaClient } from '../generated/client.js';
import { payerAddresses } from '../payments/payer-addresses.js';

/** What those who pay are told of an invoice that was issued. */
export interface InvoiceLetter {
  readonly invoiceId: string;
  readonly organizationId: string;
  readonly number: bigint;
  /** When the month begins that it is for. */
  readonly periodFrom: Date;
  readonly currency: string;
  /** In the smallest unit of the currency. */
  readonly total: bigint;
  /** Confirmed addresses. */
  readonly recipients: readonly string[];
}

/** Mails that are to be written about invoices: each invoice of something has one, from the transaction that issues it on. */
export class InvoiceLetters {
  constructor(private readonly prisma: PrismaClient) {}

  /** The one that waits longest. It is given to nobody else, and not again. @returns undefined when none waits; `null`: there is nothing to tell of it any more, and others may wait */
  async take(): Promise<InvoiceLetter | null | undefined> {
    const [taken] = await this.prisma.$queryRaw<{ readonly invoiceId: string }[]>`
      DELETE FROM invoice_letters WHERE invoice_id IN (
        SELECT invoice_id FROM invoice_letters ORDER BY created_at, invoice_id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING invoice_id AS "invoiceId"`;
    if (taken === undefined) return undefined;
    const [letter] = await this.prisma.$queryRaw<InvoiceLetter[]>`
      SELECT i.id AS "invoiceId", i.organization_id AS "organizationId", i.number, i.period_from AS "periodFrom", i.currency, i.total,
        ${payerAddresses(Prisma.sql`i.organization_id`)} AS recipients
      FROM invoices i WHERE i.id = ${taken.invoiceId} AND i.state <> 'void'`;
    return letter ?? null;
  }
}
