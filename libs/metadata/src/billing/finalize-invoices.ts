import { monthBefore, monthOf } from '@leasehold/billing';
import type { UlidSource } from '@leasehold/foundation';

import { Prisma, type PrismaClient } from '../generated/client.js';
import { nextNumbers } from './billing-counter.js';
import { detailsIn, issuerIn, NO_DETAILS } from './billing-details.js';
import { MAX_MONTHS_BACK } from './due-months.js';
import { draftInvoices, LONGEST_DRAFT_MS, type InvoiceDraft } from './invoice-draft.js';
import { lineDatabasesOf, lineRecordsOf } from './invoice-line-record.js';
import { databaseRow, invoiceRow, lineRow } from './invoice-rows.js';

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

/** In one statement: a row takes about 200 bytes of JSON. */
const ROWS_AT_ONCE = 20_000;
const WRITE_TIMEOUT_MS = 120_000;
const WAIT_TIMEOUT_MS = 10_000;

/**
 * Issues the invoices of a calendar month of several organizations, each once: lines, prices, buyer and issuer are frozen as they are, each gets the next number, and the periods
 * are closed, all in one transaction. Whoever comes second, at the same time or later, changes nothing. What is billed is what the ledger had when the drafts were read: what comes
 * later goes onto the next invoice. When it rejects nothing is issued, or, where the connection broke, perhaps everything that could be: asked again, it is `closed`.
 *
 * @param organizationIds whose databases, all together, memory has room for
 * @param time in the month; ms since the Unix epoch
 * @returns of each organization
 */
export async function finalizeInvoices(
  prisma: PrismaClient,
  ids: UlidSource,
  organizationIds: readonly string[],
  time: number,
  { now, marginMs }: FinalizeTerms,
): Promise<ReadonlyMap<string, FinalizeOutcome>> {
  const { from, to } = monthOf(time);
  const completeTo = to + marginMs;
  if (now < completeTo) return allOf(organizationIds, 'early');
  const periods = await prisma.invoicePeriod.findMany({
    where: { organizationId: { in: [...organizationIds] }, periodFrom: new Date(from) },
    select: { organizationId: true },
  });
  const closed = new Set(periods.map(({ organizationId }) => organizationId));
  const outcomes = allOf([...closed], 'closed');
  const open = [...new Set(organizationIds)].filter((id) => !closed.has(id));
  if (open.length === 0) return outcomes;
  // Asked first, because it costs less.
  const progress = await prisma.usageProgress.findFirst();
  if (progress === null || progress.completeTo.getTime() < completeTo) {
    return new Map([...outcomes, ...allOf(open, 'early')]);
  }
  const drafts = await draftInvoices(prisma, open, from, { withEvidence: true, timeoutMs: LONGEST_DRAFT_MS });
  // A month that nobody looks for any more would be waited for until the end.
  const mayWait = monthBefore(now - marginMs, MAX_MONTHS_BACK).from < from;
  const due: DueInvoice[] = [];
  for (const id of open) {
    const draft = drafts.get(id);
    if (draft === undefined) outcomes.set(id, { outcome: 'absent' });
    else if (!isComplete(draft, completeTo)) outcomes.set(id, { outcome: 'early' });
    else if (draft.waits && mayWait) outcomes.set(id, { outcome: 'waits' });
    else due.push({ ...draft, id: draft.lines.length === 0 ? null : ids.next() });
  }
  if (due.length === 0) return outcomes;
  const settings = { timeout: WRITE_TIMEOUT_MS, maxWait: WAIT_TIMEOUT_MS };
  const issued = await prisma.$transaction((transaction) => issue(transaction, due), settings);
  return new Map([...outcomes, ...issued]);
}

type CompleteDraft = InvoiceDraft & { readonly completeTo: Date };

/** All of one period. */
type DueInvoice = CompleteDraft & {
  /** Null: there is nothing to bill. */
  readonly id: string | null;
};

function isComplete(draft: InvoiceDraft, completeTo: number): draft is CompleteDraft {
  return draft.completeTo !== undefined && draft.completeTo.getTime() >= completeTo;
}

function allOf(organizationIds: readonly string[], outcome: 'closed' | 'early'): Map<string, FinalizeOutcome> {
  return new Map(organizationIds.map((id) => [id, { outcome }]));
}

async function issue(
  transaction: Prisma.TransactionClient,
  due: readonly DueInvoice[],
): Promise<ReadonlyMap<string, FinalizeOutcome>> {
  const mine = await closePeriods(transaction, due);
  const issued = due.filter((draft): draft is IssuedInvoice => draft.id !== null && mine.has(draft.organizationId));
  await writeInvoices(transaction, issued);
  return new Map(
    due.map(({ organizationId, id }): [string, FinalizeOutcome] => [
      organizationId,
      !mine.has(organizationId)
        ? { outcome: 'closed' }
        : id === null
          ? { outcome: 'empty' }
          : { outcome: 'finalized', invoiceId: id },
    ]),
  );
}

/**
 * Waits for whoever closes the same periods at the same time. All who close several do so in the order of ids, and ask for numbers behind that, so that nobody waits in a circle.
 *
 * @returns organizations whose period was open until then
 */
async function closePeriods(
  transaction: Prisma.TransactionClient,
  due: readonly DueInvoice[],
): Promise<ReadonlySet<string>> {
  const periods = due.map(({ organizationId, period, id, waiting }) => ({
    ...{ organization_id: organizationId, period_from: new Date(period.from), invoice_id: id },
    waiting: waiting.map((from) => new Date(from)),
  }));
  const closed = await transaction.$queryRaw<{ organizationId: string }[]>`
    INSERT INTO invoice_periods (organization_id, period_from, invoice_id, waiting)
    SELECT organization_id, period_from, invoice_id, waiting FROM jsonb_to_recordset(${JSON.stringify(periods)}::jsonb)
      AS p (organization_id text, period_from timestamptz, invoice_id text, waiting timestamptz[])
    ORDER BY organization_id ON CONFLICT DO NOTHING RETURNING organization_id AS "organizationId"`;
  return new Set(closed.map(({ organizationId }) => organizationId));
}

/** How an invoice of nothing was paid. */
export const NOTHING_DUE = 'nothing due';

type IssuedInvoice = DueInvoice & { readonly id: string };

async function writeInvoices(transaction: Prisma.TransactionClient, invoices: readonly IssuedInvoice[]): Promise<void> {
  if (invoices.length === 0) return;
  const buyers = await detailsIn(
    transaction,
    invoices.map(({ organizationId }) => organizationId),
  );
  const issuer = JSON.stringify(await issuerIn(transaction));
  // From here on others wait for their numbers.
  const first = await nextNumbers(transaction, 'invoice', invoices.length);
  const rows = invoices.map((invoice, i) =>
    invoiceRow(invoice, first + BigInt(i), buyers.get(invoice.organizationId) ?? NO_DETAILS),
  );
  await transaction.$executeRaw`
    INSERT INTO invoices (id, number, organization_id, period_from, period_to, currency, total, buyer, issuer, complete_to,
      records_to, transaction_id, finalized_at, state, paid_at, payment)
    SELECT i.id, i.number, i.organization_id, i.period_from, i.period_to, i.currency, i.total, i.buyer, ${issuer}::jsonb,
      i.complete_to, i.records_to, pg_current_xact_id()::text::bigint, due.now,
      CASE WHEN i.total = 0 THEN 'paid' ELSE 'finalized' END, CASE WHEN i.total = 0 THEN due.now END,
      CASE WHEN i.total = 0 THEN ${NOTHING_DUE} END
    FROM (VALUES (clock_timestamp())) AS due (now), jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS i (id text,
      number bigint, organization_id text, period_from timestamptz, period_to timestamptz, currency text, total bigint,
      buyer jsonb, complete_to timestamptz, records_to bigint) ORDER BY i.number`;
  const lines = invoices.flatMap((invoice) => lineRecordsOf(invoice).map((line) => lineRow(invoice.id, line)));
  for (const some of chunksOf(lines)) {
    await transaction.$executeRaw`
      INSERT INTO invoice_lines (invoice_id, line, kind, period_from, from_at, to_at, plan_id, plan_version, meter, quantity,
        included, price_amount, price_per, amount, first_at, last_at, entries, digest)
      SELECT * FROM jsonb_to_recordset(${some}::jsonb) AS l (invoice_id text, line int, kind text, period_from timestamptz,
        from_at timestamptz, to_at timestamptz, plan_id text, plan_version int, meter text, quantity numeric,
        included numeric, price_amount bigint, price_per numeric, amount bigint, first_at timestamptz, last_at timestamptz,
        entries bigint, digest text)`;
  }
  const databases = invoices.flatMap((invoice) =>
    lineDatabasesOf(invoice).map((part) => databaseRow(invoice.id, part)),
  );
  for (const some of chunksOf(databases)) {
    await transaction.$executeRaw`
      INSERT INTO invoice_line_databases (invoice_id, line, database_id, name, deleted_at, quantity, amount)
      SELECT * FROM jsonb_to_recordset(${some}::jsonb) AS d (invoice_id text, line int, database_id uuid, name text,
        deleted_at timestamptz, quantity numeric, amount bigint)`;
  }
}

/** JSON. */
function* chunksOf(rows: readonly unknown[]): Iterable<string> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield JSON.stringify(rows.slice(at, at + ROWS_AT_ONCE));
}
