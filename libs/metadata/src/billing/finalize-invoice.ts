import { monthOf } from '@leasehold/billing';
import type { UlidSource } from '@leasehold/foundation';

import { Prisma, type PrismaClient } from '../generated/client.js';
import { detailsIn, issuerIn } from './billing-details.js';
import { nextNumber } from './billing-counter.js';
import { draftInvoice, type DraftLine, type InvoiceDraft } from './invoice-draft.js';

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
  const draft = await draftInvoice(prisma, organizationId, from);
  if (draft === undefined) return { outcome: 'absent' };
  if (draft.completeTo === undefined || draft.completeTo.getTime() < to + marginMs) return { outcome: 'early' };
  if (draft.waits) return { outcome: 'waits' };
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
  const lines = JSON.stringify(draft.lines.map(lineRow));
  await transaction.$executeRaw`
    INSERT INTO invoice_lines (invoice_id, line, kind, period_from, from_at, to_at, plan_id, plan_version, meter, quantity,
      included, price_amount, price_per, amount, first_at, last_at, entries, digest)
    SELECT ${id}, * FROM jsonb_to_recordset(${lines}::jsonb) AS l (line int, kind text, period_from timestamptz,
      from_at timestamptz, to_at timestamptz, plan_id text, plan_version int, meter text, quantity numeric, included numeric,
      price_amount bigint, price_per numeric, amount bigint, first_at timestamptz, last_at timestamptz, entries bigint,
      digest text)`;
  const databases = draft.lines.flatMap((line, i) => databaseRows(line, i + 1, draft));
  for (let at = 0; at < databases.length; at += ROWS_AT_ONCE) {
    const rows = JSON.stringify(databases.slice(at, at + ROWS_AT_ONCE));
    await transaction.$executeRaw`
      INSERT INTO invoice_line_databases (invoice_id, line, database_id, name, deleted_at, quantity, amount)
      SELECT ${id}, * FROM jsonb_to_recordset(${rows}::jsonb) AS d (line int, database_id uuid, name text,
        deleted_at timestamptz, quantity numeric, amount bigint)`;
  }
}

/** Numbers that may be large go as texts. */
function lineRow(line: DraftLine, i: number) {
  const { kind, periodFrom, from, to, plan, amount, evidence } = line;
  const metered = line.kind === 'meter' ? line : undefined;
  return {
    line: i + 1,
    kind,
    period_from: new Date(periodFrom),
    from_at: new Date(from),
    to_at: new Date(to),
    plan_id: plan.name,
    plan_version: plan.version,
    meter: metered?.meter ?? null,
    quantity: String(metered?.quantity ?? 0n),
    included: String(metered?.included ?? 0n),
    price_amount: String(metered?.price.amount ?? 0n),
    price_per: String(metered?.price.per ?? 1n),
    amount: String(amount),
    first_at: evidence?.firstAt ?? null,
    last_at: evidence?.lastAt ?? null,
    entries: String(evidence?.entries ?? 0n),
    digest: evidence?.digest ?? null,
  };
}

function databaseRows(line: DraftLine, number: number, { databases }: InvoiceDraft) {
  if (line.kind !== 'meter') return [];
  return line.databases.map(({ database, quantity, amount }) => ({
    line: number,
    database_id: database,
    name: databases.get(database)?.name ?? '',
    deleted_at: databases.get(database)?.deletedAt ?? null,
    quantity: String(quantity),
    amount: String(amount),
  }));
}
