import { Prisma, type PrismaClient } from '../generated/client.js';
import { payerAddresses } from './payer-addresses.js';
import type {
  BillFate,
  ChargeRecord,
  ClaimedPayment,
  PaymentRecord,
  UntoldFailure,
  WaitingCredit,
} from './payment-record.js';

/** What comes of a step that changes no more than when the next one is, and how the payment stands. */
export interface PaymentNote {
  readonly state?: 'waiting' | 'processing' | 'failed' | 'void';
  /** With `failed`, and only then. */
  readonly failure?: string | null;
  readonly payUrl?: string | null;
  readonly attempts?: number;
  readonly nextChargeAt?: Date | null;
  readonly bill?: BillFate;
  /** Null: until something happens. */
  readonly nextStepAt: Date | null;
}

/** Told at once of failures. */
const TOLD_AT_ONCE = 20;

/**
 * How invoices get paid, step by step (docs/payments.md). A step belongs to whoever claimed it, until
 * the claim runs out, somebody else says what became of the invoice, or the provider says that something happened: then it is looked at anew.
 */
export class Payments {
  constructor(private readonly prisma: PrismaClient) {}

  /** The latest invoice in front. @param before only invoices with ids below this one */
  list(organizationId: string, before: string | undefined, limit: number): Promise<readonly PaymentRecord[]> {
    return this.prisma.$queryRaw<PaymentRecord[]>`
      SELECT p.invoice_id AS "invoiceId", i.number, i.currency, i.total, i.credited, p.state, p.provider, p.attempts, p.failure,
        p.pay_url AS "payUrl", p.next_charge_at AS "nextChargeAt", i.paid_at AS "paidAt", i.payment
      FROM payments p JOIN invoices i ON i.id = p.invoice_id
      WHERE p.organization_id = ${organizationId} AND (${before ?? null}::text IS NULL OR p.invoice_id < ${before ?? null})
      ORDER BY p.invoice_id DESC LIMIT ${limit}::int`;
  }

  /** Of these invoices, each that has one. */
  async ofInvoices(invoiceIds: readonly string[]): Promise<ReadonlyMap<string, ChargeRecord>> {
    const select = { invoiceId: true, state: true, provider: true, attempts: true, failure: true, payUrl: true };
    const found = await this.prisma.payment.findMany({
      where: { invoiceId: { in: [...invoiceIds] } },
      select: { ...select, nextChargeAt: true },
    });
    return new Map(found.map((record) => [record.invoiceId, record as ChargeRecord]));
  }

  /**
   * Takes what is due, the longest due first. Of several who claim at once each gets others.
   *
   * @param until from then on others may claim it again
   */
  async claim(now: Date, until: Date, limit: number): Promise<readonly ClaimedPayment[]> {
    const claimed = await this.prisma.$queryRaw<ClaimedRow[]>`
      UPDATE payments AS p SET claims = p.claims + 1, next_step_at = ${until}::timestamptz
      FROM invoices i
      WHERE i.id = p.invoice_id AND p.invoice_id IN (
        SELECT d.invoice_id FROM payments d WHERE d.next_step_at <= ${now}::timestamptz
        ORDER BY d.next_step_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
      RETURNING p.invoice_id AS "invoiceId", p.organization_id AS "organizationId", p.claims,
        p.next_step_at AS until, p.state, p.provider, p.reference,
        p.bill, p.attempts, p.failure, p.next_charge_at AS "nextChargeAt", p.step_failures AS "stepFailures",
        i.number, i.state AS "invoiceState", i.currency, i.total, i.credited`;
    return Promise.all(claimed.map((row) => this.complete(row)));
  }

  /** There is a provider again: what was issued while there was none is due now, where the organization has left a payment method before. */
  async resumeIssued(now: Date): Promise<void> {
    // In one order, so that two of them do not wait for each other.
    await this.prisma.$executeRaw`
      UPDATE payments SET next_step_at = ${now}::timestamptz WHERE invoice_id IN (
        SELECT p.invoice_id FROM payments p JOIN payment_customers c ON c.organization_id = p.organization_id
        WHERE p.next_step_at IS NULL AND p.state = 'waiting' AND p.bill = 'open' AND p.reference IS NULL AND c.method IS NOT NULL
        ORDER BY p.invoice_id FOR UPDATE OF p)`;
  }

  /** @returns false, and nothing is changed, when it is not ours any more */
  async note(claimed: ClaimedPayment, note: PaymentNote): Promise<boolean> {
    const failed = note.state === 'failed' ? { failures: { increment: 1 } } : {};
    const failure = note.state === undefined || note.state === 'failed' ? {} : { failure: null };
    const data = { ...failure, ...note, ...failed, stepFailures: 0 };
    return (await this.prisma.payment.updateMany({ where: ours(claimed), data })).count > 0;
  }

  /** The provider did not answer. */
  async postpone(claimed: ClaimedPayment, nextStepAt: Date): Promise<boolean> {
    const data = { nextStepAt, stepFailures: { increment: 1 } };
    return (await this.prisma.payment.updateMany({ where: ours(claimed), data })).count > 0;
  }

  /** From now on this is the bill, and no other. @returns false when it is not ours any more, or there is one */
  async refer(claimed: ClaimedPayment, provider: string, reference: string, nextStepAt: Date): Promise<boolean> {
    const where = { ...ours(claimed), reference: null };
    const data = { provider, reference, nextStepAt, stepFailures: 0 };
    return (await this.prisma.payment.updateMany({ where, data })).count > 0;
  }

  /**
   * That a charge is about to be asked for. Until its outcome is noted, nobody can mark the invoice as paid or void.
   *
   * @returns false when it is not ours any more, or the invoice is settled: do not charge
   */
  async beginCharge(claimed: ClaimedPayment): Promise<boolean> {
    const where = { ...ours(claimed), state: { in: ['waiting', 'failed'] } };
    const data = { state: 'processing', failure: null, attempts: claimed.attempts + 1, nextChargeAt: null };
    return (await this.prisma.payment.updateMany({ where, data })).count > 0;
  }

  /**
   * The money is there, or none is owed: payment and invoice are paid, in one transaction.
   *
   * @param how for people
   * @returns false when it is not ours any more
   */
  async settle(claimed: ClaimedPayment, how: string, bill: BillFate, nextStepAt: Date | null): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      // In the order of an operator who says so: the invoice first.
      await transaction.$queryRaw`SELECT 1 FROM invoices WHERE id = ${claimed.invoiceId} FOR UPDATE`;
      const told = { failure: null, payUrl: null, nextChargeAt: null };
      const data = { ...told, state: 'paid', bill, nextStepAt, stepFailures: 0 };
      const { count } = await transaction.payment.updateMany({ where: ours(claimed), data });
      if (count === 0) return false;
      await transaction.$executeRaw`
        UPDATE invoices SET state = 'paid', paid_at = clock_timestamp(), payment = ${how}
        WHERE id = ${claimed.invoiceId} AND state = 'finalized'`;
      return true;
    });
  }

  /** A credit is with the provider. @param reference undefined: with none */
  async creditDone(creditNoteId: string, reference: string | undefined): Promise<void> {
    const data = reference === undefined ? { state: 'outside' } : { state: 'done', reference };
    await this.prisma.paymentCredit.updateMany({ where: { creditNoteId, state: 'waiting' }, data });
  }

  /**
   * Money came to the provider for an invoice that is void, or was paid otherwise: what the provider has of it goes back, once. What was credited beside is not the provider's to
   * give back any more.
   */
  async giveBack({ invoiceId, invoice }: ClaimedPayment): Promise<void> {
    const [id, number] = [returnOf(invoiceId), `of all of invoice ${invoice.number}`];
    await this.prisma.$transaction(async (transaction) => {
      await transaction.paymentCredit.updateMany({
        where: { invoiceId, state: 'waiting', creditNoteId: { not: id } },
        data: { state: 'outside' },
      });
      await transaction.$executeRaw`
        INSERT INTO payment_credits (credit_note_id, invoice_id, number, amount)
        SELECT ${id}, ${invoiceId}, ${number}, ${invoice.total} - COALESCE(sum(amount), 0) FROM payment_credits
        WHERE invoice_id = ${invoiceId} AND state = 'done' HAVING ${invoice.total} > COALESCE(sum(amount), 0)
        ON CONFLICT DO NOTHING`;
    });
  }

  /**
   * Tells of failures, each once by whichever instance is first; again when that one dies at it.
   *
   * @param tell throws to leave them all for the next time
   */
  async tellFailures(tell: (failure: UntoldFailure) => void): Promise<number> {
    return this.prisma.$transaction(async (transaction) => {
      const untold = await transaction.$queryRaw<(UntoldFailure & { readonly invoiceId: string })[]>`
        SELECT p.invoice_id AS "invoiceId", p.organization_id AS "organizationId", i.number, p.failure, p.pay_url AS "payUrl",
          p.next_charge_at AS "nextChargeAt", ${payerAddresses(Prisma.sql`p.organization_id`)} AS recipients
        FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE p.told_failures < p.failures
        ORDER BY p.invoice_id LIMIT ${TOLD_AT_ONCE}::int FOR UPDATE OF p SKIP LOCKED`;
      // One that has been paid meanwhile is no news.
      for (const failure of untold) if ((failure.failure as string | null) !== null) tell(failure);
      const ids = untold.map(({ invoiceId }) => invoiceId);
      await transaction.$executeRaw`UPDATE payments SET told_failures = failures WHERE invoice_id = ANY (${ids})`;
      return untold.length;
    });
  }

  private async complete({
    number,
    invoiceState,
    currency,
    total,
    credited,
    ...row
  }: ClaimedRow): Promise<ClaimedPayment> {
    const { organizationId, invoiceId } = row;
    const [customer, credit] = await Promise.all([
      this.prisma.paymentCustomer.findUnique({ where: { organizationId } }),
      this.prisma.paymentCredit.findFirst({
        where: { invoiceId, state: 'waiting' },
        orderBy: { createdAt: 'asc' },
        select: { creditNoteId: true, number: true, amount: true },
      }) as Promise<WaitingCredit | null>,
    ]);
    const invoice = { number, state: invoiceState, currency, total, credited };
    const known = { customer: customer?.reference ?? null, hasMethod: (customer?.method ?? null) !== null };
    return { ...row, ...known, invoice, credit };
  }
}

type ClaimedRow = Omit<ClaimedPayment, 'invoice' | 'customer' | 'hasMethod' | 'credit'> &
  Omit<ClaimedPayment['invoice'], 'state'> & { readonly invoiceState: ClaimedPayment['invoice']['state'] };

/** What stands in place of a credit note where all of a bill goes back. */
export function returnOf(invoiceId: string): string {
  return `void-${invoiceId}`;
}

/** Nobody has claimed it since, nor said that something happened: that would be lost under what we have found before. */
function ours({ invoiceId, claims, until }: ClaimedPayment) {
  return { invoiceId, claims, nextStepAt: until };
}
