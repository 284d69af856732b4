import { systemClock } from '@leasehold/foundation';
import {
  lineDatabasesOf,
  lineRecordsOf,
  type InvoiceDraft,
  type InvoiceLineRecord,
  type InvoiceRecord,
  type LineDatabaseRecord,
  type Metadata,
} from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import type { InvoiceDrafts } from './invoice-drafts.js';
import { draftView, invoiceView, type InvoiceView } from './invoice-view.js';

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** Where a page of a line's databases ends. */
export type DatabasePlace = Pick<LineDatabaseRecord, 'line' | 'databaseId'>;

/** An invoice, issued or as it would be now, and what stands on it. */
export interface InvoiceSource {
  readonly view: InvoiceView;
  readonly recordsTo: bigint;
  /** By number. @param after only later ones */
  lines(after: number, limit: number): Promise<readonly InvoiceLineRecord[]>;
  /** By line, then by id. @param after only those behind */
  databases(after: DatabasePlace | undefined, limit: number): Promise<readonly LineDatabaseRecord[]>;
}

/**
 * The invoice of a month, such as `2026-11`: the issued one, or before there is one its draft, computed now; or an issued one by its id.
 * @param withEvidence lines of a draft tell what of the ledger they count; those of an issued one do in any case
 * @throws ProblemError not-found: there is no such invoice, or nothing was billed in that month; overloaded
 */
export async function findInvoice(
  metadata: Metadata,
  drafts: InvoiceDrafts,
  organizationId: string,
  idOrMonth: string,
  withEvidence = false,
): Promise<InvoiceSource> {
  const { invoices } = metadata;
  const [, year, month] = MONTH.exec(idOrMonth) ?? [];
  if (year === undefined) return issuedSource(metadata, await invoices.find(idOrMonth, organizationId));
  const periodFrom = new Date(Date.UTC(Number(year), Number(month) - 1));
  const issued = await invoices.ofPeriod(organizationId, periodFrom);
  if (issued) return issuedSource(metadata, issued);
  const isPresent = periodFrom.getTime() <= systemClock.now() && (await invoices.isOpen(organizationId, periodFrom));
  const draft = isPresent ? await drafts.of(organizationId, periodFrom, withEvidence) : undefined;
  if (draft === undefined) throw noSuchInvoice();
  return draftSource(metadata, draft);
}

/** @throws ProblemError not-found where there is none */
export async function issuedSource(metadata: Metadata, invoice: InvoiceRecord | undefined): Promise<InvoiceSource> {
  if (invoice === undefined) throw noSuchInvoice();
  const { invoiceLines, payments } = metadata;
  const charges = await payments.ofInvoices([invoice.id]);
  return {
    view: invoiceView(invoice, charges.get(invoice.id)),
    recordsTo: invoice.recordsTo,
    lines: (after, limit) => invoiceLines.list(invoice.id, after, limit),
    databases: (after, limit) => invoiceLines.databases(invoice.id, after, limit),
  };
}

async function draftSource({ billingDetails }: Metadata, draft: InvoiceDraft): Promise<InvoiceSource> {
  const [buyer, issuer] = await Promise.all([billingDetails.of(draft.organizationId), billingDetails.issuer()]);
  return {
    view: draftView(draft, buyer, issuer),
    recordsTo: draft.recordsTo,
    lines: async (after, limit) => lineRecordsOf(draft).slice(after, after + limit),
    databases: async (after, limit) =>
      lineDatabasesOf(draft)
        .filter((part) => after === undefined || isBehind(part, after))
        .slice(0, limit),
  };
}

function isBehind(part: DatabasePlace, after: DatabasePlace): boolean {
  return part.line === after.line ? part.databaseId > after.databaseId : part.line > after.line;
}

export function noSuchInvoice(): ProblemError {
  return new ProblemError('not-found', 'there is no such invoice');
}
