import type { UlidSource } from '@leasehold/foundation';

import type { PrismaClient } from '../generated/client.js';
import type { BillingDetailsRecord, IssuerRecord } from './billing-details.js';
import { CreditTooLargeError, InvoiceStateError } from './billing-errors.js';
import { nextNumbers } from './billing-counter.js';
import { finalizeInvoices, type FinalizeOutcome, type FinalizeTerms } from './finalize-invoices.js';
import { draftInvoices, type DraftTerms, type InvoiceDraft } from './invoice-draft.js';

export const INVOICE_STATES = ['finalized', 'paid', 'void'] as const;
export type InvoiceState = (typeof INVOICE_STATES)[number];

/** An issued invoice. Amounts are in the smallest unit of its currency. */
export interface InvoiceRecord {
  readonly id: string;
  /** From 1, without gaps. */
  readonly number: bigint;
  readonly organizationId: string;
  /** A calendar month in UTC. */
  readonly periodFrom: Date;
  readonly periodTo: Date;
  readonly currency: string;
  readonly total: bigint;
  /** By credit notes, together: at most the total. */
  readonly credited: bigint;
  readonly buyer: BillingDetailsRecord;
  readonly issuer: IssuerRecord;
  readonly completeTo: Date;
  readonly recordsTo: bigint;
  readonly finalizedAt: Date;
  readonly state: InvoiceState;
  readonly paidAt: Date | null;
  /** How it was paid, for people. */
  readonly payment: string | null;
  readonly voidedAt: Date | null;
  readonly voidReason: string | null;
}

export interface CreditNoteRecord {
  readonly id: string;
  /** From 1, without gaps. */
  readonly number: bigint;
  readonly invoiceId: string;
  readonly organizationId: string;
  readonly amount: bigint;
  readonly reason: string;
  readonly createdAt: Date;
}

const HIDDEN = { transactionId: true } as const;

/** Invoices of organizations and what becomes of them (docs/billing.md). */
export class Invoices {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ids: UlidSource,
  ) {}

  /** What the invoice of a month would say now. @param time in the month; ms since the Unix epoch @returns undefined when there is no such organization, or it came later */
  async draft(
    organizationId: string,
    time: number,
    terms: DraftTerms = { withEvidence: false },
  ): Promise<InvoiceDraft | undefined> {
    return (await draftInvoices(this.prisma, [organizationId], time, terms)).get(organizationId);
  }

  /** Whether a month is billed yet: it is not closed, and not before billing began. */
  async isOpen(organizationId: string, periodFrom: Date): Promise<boolean> {
    const start = await this.prisma.billingStart.findFirst();
    if (start && periodFrom < start.firstPeriod) return false;
    return (await this.prisma.invoicePeriod.count({ where: { organizationId, periodFrom } })) === 0;
  }

  /** Issues the invoice of a month, once. See {@link finalizeInvoices}. */
  async finalize(organizationId: string, time: number, terms: FinalizeTerms): Promise<FinalizeOutcome> {
    const outcomes = await this.finalizeAll([organizationId], time, terms);
    return outcomes.get(organizationId) ?? { outcome: 'absent' };
  }

  /** Issues the invoices of a month of several organizations, each once: all that can be issued, or none. See {@link finalizeInvoices}. */
  finalizeAll(
    organizationIds: readonly string[],
    time: number,
    terms: FinalizeTerms,
  ): Promise<ReadonlyMap<string, FinalizeOutcome>> {
    return finalizeInvoices(this.prisma, this.ids, organizationIds, time, terms);
  }

  /** Issued ones, the latest period in front. @param before only periods that begin earlier */
  async list(organizationId: string, before: Date | undefined, limit: number): Promise<readonly InvoiceRecord[]> {
    const found = await this.prisma.invoice.findMany({
      where: { organizationId, ...(before && { periodFrom: { lt: before } }) },
      orderBy: { periodFrom: 'desc' },
      take: limit,
      omit: HIDDEN,
    });
    return found as unknown as readonly InvoiceRecord[];
  }

  /** Issued ones of all organizations or of one, the latest issued in front. @param before only those that were issued earlier than this one */
  async listAll(
    of: { readonly organizationId: string | undefined; readonly state: InvoiceState | undefined },
    before: string | undefined,
    limit: number,
  ): Promise<readonly InvoiceRecord[]> {
    const { organizationId, state } = of;
    const found = await this.prisma.invoice.findMany({
      where: {
        ...(organizationId !== undefined && { organizationId }),
        ...(state !== undefined && { state }),
        ...(before !== undefined && { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
      omit: HIDDEN,
    });
    return found as unknown as readonly InvoiceRecord[];
  }

  /** Of one organization; of any where none is given. */
  async find(id: string, organizationId?: string): Promise<InvoiceRecord | undefined> {
    const where = { id, ...(organizationId === undefined ? {} : { organizationId }) };
    const found = await this.prisma.invoice.findFirst({ where, omit: HIDDEN });
    return (found as unknown as InvoiceRecord | null) ?? undefined;
  }

  /** The one that was issued for the month that begins then. */
  async ofPeriod(organizationId: string, periodFrom: Date): Promise<InvoiceRecord | undefined> {
    const found = await this.prisma.invoice.findFirst({ where: { organizationId, periodFrom }, omit: HIDDEN });
    return (found as unknown as InvoiceRecord | null) ?? undefined;
  }

  /**
   * A finalized invoice is paid. Idempotent: one that is paid already stays as it is, with what was said then.
   *
   * @param payment how, for people: such as `bank transfer 2026-12-03`
   * @returns undefined when there is no such invoice
   * @throws InvoiceStateError it is void, or being charged
   */
  async markPaid(id: string, payment: string): Promise<InvoiceRecord | undefined> {
    await this.prisma.$executeRaw`
      UPDATE invoices SET state = 'paid', paid_at = clock_timestamp(), payment = ${payment}
      WHERE id = ${id} AND state = 'finalized'`;
    return this.expectState(id, 'paid');
  }

  /**
   * Nothing of a finalized invoice is owed any more. Its number stays taken, and what it billed is not billed again. Idempotent.
   *
   * @returns undefined when there is no such invoice
   * @throws InvoiceStateError it is being charged; or paid, or partly credited: that is corrected by credit notes
   */
  async void(id: string, reason: string): Promise<InvoiceRecord | undefined> {
    await this.prisma.$executeRaw`
      UPDATE invoices SET state = 'void', voided_at = clock_timestamp(), void_reason = ${reason}
      WHERE id = ${id} AND state = 'finalized' AND credited = 0`;
    return this.expectState(id, 'void');
  }

  /**
   * Takes back a part of what an invoice billed, or all of it, under a number of its own.
   *
   * @param amount above 0
   * @returns undefined when there is no such invoice
   * @throws CreditTooLargeError together with those before it would be more than was billed
   * @throws InvoiceStateError it is void
   */
  async credit(invoiceId: string, amount: bigint, reason: string): Promise<CreditNoteRecord | undefined> {
    return this.prisma.$transaction(async (transaction) => {
      const [invoice] = await transaction.$queryRaw<CreditedRow[]>`
        SELECT organization_id AS "organizationId", state, total - credited AS left FROM invoices
        WHERE id = ${invoiceId} FOR UPDATE`;
      if (invoice === undefined) return undefined;
      if (invoice.state === 'void') throw new InvoiceStateError(invoice.state);
      if (amount > invoice.left) throw new CreditTooLargeError(invoice.left);
      await transaction.invoice.update({ where: { id: invoiceId }, data: { credited: { increment: amount } } });
      const number = await nextNumbers(transaction, 'credit-note', 1);
      const { organizationId } = invoice;
      const data = { id: this.ids.next(), number, invoiceId, organizationId, amount, reason };
      return transaction.creditNote.create({ data });
    });
  }

  /** By number. At most {@link MAX_CREDIT_NOTES} are told. */
  creditNotes(invoiceId: string): Promise<readonly CreditNoteRecord[]> {
    return this.prisma.creditNote.findMany({
      where: { invoiceId },
      orderBy: { number: 'asc' },
      take: MAX_CREDIT_NOTES,
    });
  }

  private async expectState(id: string, wanted: InvoiceState): Promise<InvoiceRecord | undefined> {
    const found = await this.find(id);
    if (found === undefined || found.state === wanted) return found;
    const isCredited = wanted === 'void' && found.credited > 0n;
    throw new InvoiceStateError(
      found.state === 'finalized' ? (isCredited ? 'credited' : 'being charged') : found.state,
    );
  }
}

/** People make them, each with a reason. */
export const MAX_CREDIT_NOTES = 1_000;

interface CreditedRow {
  readonly organizationId: string;
  readonly state: InvoiceState;
  readonly left: bigint;
}
