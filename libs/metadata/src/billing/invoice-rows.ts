import type { BillingDetailsRecord } from './billing-details.js';
import type { InvoiceDraft } from './invoice-draft.js';
import type { InvoiceLineRecord, LineDatabaseRecord } from './invoice-line-record.js';

/** An invoice as its row has it, for `jsonb_to_recordset`. Numbers that may be large go as texts. */
export function invoiceRow(
  invoice: InvoiceDraft & { readonly id: string; readonly completeTo: Date },
  number: bigint,
  buyer: BillingDetailsRecord,
) {
  const { id, organizationId, period, currency, total, completeTo, recordsTo } = invoice;
  return {
    ...{ id, number: String(number), organization_id: organizationId, currency, total: String(total), buyer },
    period_from: new Date(period.from),
    period_to: new Date(period.to),
    complete_to: completeTo,
    records_to: String(recordsTo),
  };
}

/** As {@link invoiceRow}, a line of it. */
export function lineRow(
  invoiceId: string,
  { periodFrom, from, to, plan, planVersion, price, firstAt, lastAt, ...line }: InvoiceLineRecord,
) {
  return {
    ...line,
    invoice_id: invoiceId,
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

/** As {@link invoiceRow}, what of a line is a database's. */
export function databaseRow(
  invoiceId: string,
  { line, databaseId, name, deletedAt, quantity, amount }: LineDatabaseRecord,
) {
  return {
    ...{ invoice_id: invoiceId, line, database_id: databaseId, name, deleted_at: deletedAt },
    ...{ quantity: String(quantity), amount: String(amount) },
  };
}
