import { monthBefore, monthOf } from '@leasehold/billing';
import type { UlidSource } from '@leasehold/foundation';

import { Prisma, type PrismaClient } from '../generated/client.js';
import { detailsIn, issuerIn } from './billing-details.js';
import { nextNumber } from './billing-counter.js';
import { MAX_MONTHS_BACK } from './due-months.js';
import { draftInvoice, LONGEST_DRAFT_MS, type InvoiceDraft } from './invoice-draft.js';
import {
  lineDatabasesOf,
  lineRecordsOf,
  type InvoiceLineRecord,
  type LineDatabaseRecord,
} from './invoice-line-record.js';

/** When a month may be billed. */
export interface FinalizeTerms {
  /** Ms since the Unix epoch. */
  readonly now: number;
  /** After its end so much time has to pass, by the clock and by how far usage is complete: what processes had not recorded yet is then in it. */
  readonly marginMs: number;
}

/**
 * - `finalized`: the invoice is issued
 * - `empty`: there is nothing to bill, and no invoice; the period is closed
 * - `closed`: the period was closed before; nothing changed
 * - `early`: it has not ended by the margin, or usage is not complete so far; nothing changed
 * - `waits`: an earlier period of the organization has to be closed first; nothing changed
 * - `absent`: there is no such organization, or it came later
 */
export type FinalizeOutcome =
  | { readonly outcome: 'finalized'; readonly invoiceId: string }
  | { readonly outcome: 'empty' | 'closed' | 'early' | 'waits' | 'absent' };

/** In one statement: a row takes about 150 bytes of JSON. */
const ROWS_AT_ONCE = 20_000;
const WRITE_TIMEOUT_MS = 120_000;
const WAIT_TIMEOUT_MS = 10_000;

/**
 * Issues the invoice of a calendar month of an organization, once: lines, prices, buyer and issuer are frozen as they are, it gets the next number, and the period is
 * closed, all in one transaction. Whoever comes second, at the same time or later, changes nothing. What is billed is what the ledger had when the draft was read: what comes
 * later goes onto the next invoice.
 *
 * @param time in the month; ms since the Unix epoch
 */
export async function finalizeInvoice(
  prisma: PrismaClient,
  ids: UlidSource,
  organizationId: string,
  time: number,
  { now, marginMs }: FinalizeTerms,
): Promise<FinalizeOutcome> {
  const { from, to } = monthOf(time);
  if (now < to + marginMs) return { outcome: 'early' };
  const periodFrom = new Date(from);
  const closed = await prisma.invoicePeriod.count({ where: { organizationId, periodFrom } });
  if (closed > 0) return { outcome: 'closed' };
  // Asked first, because it costs less.
  const progress = await prisma.usageProgress.findFirst();
  if (progress === null || progress.completeTo.getTime() < to + marginMs) return { outcome: 'early' };
  const draft = await draftInvoice(prisma, organizationId, from, LONGEST_DRAFT_MS);
  if (draft === undefined) return { outcome: 'absent' };
  if (draft.completeTo === undefined || draft.completeTo.getTime() < to + marginMs) return { outcome: 'early' };
  // A month that nobody looks for any more would be waited for until the end.
  const oldest = monthBefore(now - marginMs, MAX_MONTHS_BACK).from;
  if (draft.waits && oldest < from) return { outcome: 'waits' };
  return prisma.$transaction((transaction) => issue(transaction, ids.next(), draft, draft.completeTo ?? periodFrom), {
    timeout: WRITE_TIMEOUT_MS,
    maxWait: WAIT_TIMEOUT_MS,
  });
}

async function issue(
  transaction: Prisma.TransactionClient,
  id: string,
  draft: InvoiceDraft,
  completeTo: Date,
): Promise<FinalizeOutcome> {
  const { organizationId, period, currency, total, lines } = draft;
  const invoiceId = lines.length === 0 ? null : id;
  // Waits for whoever closes the same period at the same time.
  const closed = await transaction.$executeRaw`
    INSERT INTO invoice_periods (organization_id, period_from, invoice_id)
    VALUES (${organizationId}, ${new Date(period.from)}::timestamptz, ${invoiceId}::text) ON CONFLICT DO NOTHING`;
  if (closed === 0) return { outcome: 'closed' };
  if (invoiceId === null) return { outcome: 'empty' };
  const buyer = JSON.stringify(await detailsIn(transaction, organizationId));
  const issuer = JSON.stringify(await issuerIn(transaction));
  const number = await nextNumber(transaction, 'invoice');
  await transaction.$executeRaw`
    INSERT INTO invoices (id, number, organization_id, period_from, period_to, currency, total, buyer, issuer, complete_to,
      records_to, transaction_id, finalized_at, state, paid_at, payment)
    SELECT ${id}, ${number}::bigint, ${organizationId}, ${new Date(period.from)}::timestamptz,
      ${new Date(period.to)}::timestamptz, ${currency}, due.total, ${buyer}::jsonb, ${issuer}::jsonb,
      ${completeTo}::timestamptz, ${draft.recordsTo}::bigint, pg_current_xact_id()::text::bigint, due.now,
      CASE WHEN due.total = 0 THEN 'paid' ELSE 'finalized' END, CASE WHEN due.total = 0 THEN due.now END,
      CASE WHEN due.total = 0 THEN ${NOTHING_DUE} END
    FROM (VALUES (${total}::bigint, clock_timestamp())) AS due (total, now)`;
  await writeLines(transaction, id, draft);
  return { outcome: 'finalized', invoiceId: id };
}

/** How an invoice of nothing was paid. */
export const NOTHING_DUE = 'nothing due';

async function writeLines(transaction: Prisma.TransactionClient, id: string, draft: InvoiceDraft): Promise<void> {
  const lines = JSON.stringify(lineRecordsOf(draft).map(lineRow));
  await transaction.$executeRaw`
    INSERT INTO invoice_lines (invoice_id, line, kind, period_from, from_at, to_at, plan_id, plan_version, meter, quantity,
      included, price_amount, price_per, amount, first_at, last_at, entries, digest)
    SELECT ${id}, * FROM jsonb_to_recordset(${lines}::jsonb) AS l (line int, kind text, period_from timestamptz,
      from_at timestamptz, to_at timestamptz, plan_id text, plan_version int, meter text, quantity numeric, included numeric,
      price_amount bigint, price_per numeric, amount bigint, first_at timestamptz, last_at timestamptz, entries bigint,
      digest text)`;
  const databases = lineDatabasesOf(draft).map(databaseRow);
  for (let at = 0; at < databases.length; at += ROWS_AT_ONCE) {
    const rows = JSON.stringify(databases.slice(at, at + ROWS_AT_ONCE));
    await transaction.$executeRaw`
      INSERT INTO invoice_line_databases (invoice_id, line, database_id, name, deleted_at, quantity, amount)
      SELECT ${id}, * FROM jsonb_to_recordset(${rows}::jsonb) AS d (line int, database_id uuid, name text,
        deleted_at timestamptz, quantity numeric, amount bigint)`;
  }
}

/** Numbers that may be large go as texts. */
function lineRow({ periodFrom, from, to, plan, planVersion, price, firstAt, lastAt, ...line }: InvoiceLineRecord) {
  return {
    ...line,
    period_from: periodFrom,
    from_at: from,
    to_at: to,
    plan_id: plan,
    plan_version: planVersion,
    quantity: String(line.quantity),
    included: String(line.included),
    price_amount: String(price.amount),
    price_per: String(price.per),
    amount: String(line.amount),
    first_at: firstAt,
    last_at: lastAt,
    entries: String(line.entries),
  };
}

function databaseRow({ line, databaseId, name, deletedAt, quantity, amount }: LineDatabaseRecord) {
  return {
    ...{ line, database_id: databaseId, name, deleted_at: deletedAt },
    ...{ quantity: String(quantity), amount: String(amount) },
  };
}
