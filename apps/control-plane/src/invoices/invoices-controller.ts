import { Controller, Get, Param, Res } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';
import type { FastifyReply } from 'fastify';

import { Access, ACCOUNTANTS, requireAllDatabases } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { damagedCursor, PageQuery, pageOf, type Page } from '../requests/page.js';
import { creditNotesOf, databasesOf, linesOf, placeIn } from './invoice-contents.js';
import { findInvoice, type InvoiceSource } from './invoice-source.js';
import { InvoiceDrafts } from './invoice-drafts.js';
import { documentOf } from './invoice-document.js';
import { invoicePage, PAGE_POLICY } from './invoice-page.js';
import { invoicePdf } from './invoice-pdf.js';
import { invoiceView, monthName, recordsView } from './invoice-view.js';

/** Who sees what the organization is billed. */
export const INVOICE_READERS = { roles: ACCOUNTANTS, scopes: ['usage:read'] } as const;

const SESSION = /^[0-9a-z]{26}$/;

/** What the organization is billed. `:id` is an invoice's, or a month such as `2026-11`. */
@Controller('v1/invoices')
@Access(INVOICE_READERS)
export class InvoicesController {
  constructor(
    private readonly metadata: Metadata,
    private readonly drafts: InvoiceDrafts,
  ) {}

  /** Issued ones, the latest month in front. */
  @Get()
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    requireAllDatabases(caller);
    const before = after === undefined ? undefined : monthOfCursor(after);
    const found = await this.metadata.invoices.list(caller.organization.id, before, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ periodFrom }) => monthName(periodFrom));
    const payments = await this.metadata.payments.ofInvoices(items.map(({ id }) => id));
    return { invoices: items.map((invoice) => invoiceView(invoice, payments.get(invoice.id))), cursor };
  }

  @Get(':id')
  async read(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return (await this.find(caller, id)).view;
  }

  @Get(':id/lines')
  async lines(@CurrentCaller() caller: Caller, @Param('id') id: string, @PageQuery() page: Page) {
    return linesOf(await this.find(caller, id, true), page);
  }

  /** What of each line is which database's. */
  @Get(':id/databases')
  async databases(@CurrentCaller() caller: Caller, @Param('id') id: string, @PageQuery() page: Page) {
    return databasesOf(await this.find(caller, id), page);
  }

  /** The usage records of the bucket that it was computed from, by session. */
  @Get(':id/records')
  async records(@CurrentCaller() caller: Caller, @Param('id') id: string, @PageQuery() { limit, after }: Page) {
    const { recordsTo } = await this.find(caller, id);
    const session = after === undefined ? '' : placeIn(SESSION, after)[0];
    const found = await this.metadata.invoiceLines.records(recordsTo, session, limit + 1);
    const { items, cursor } = pageOf(found, limit, (records) => records.session);
    return { records: items.map(recordsView), cursor };
  }

  @Get(':id/credit-notes')
  async creditNotes(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return creditNotesOf(this.metadata, await this.find(caller, id));
  }

  /** For browsers and printers. */
  @Get(':id/html')
  async page(@CurrentCaller() caller: Caller, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const document = await documentOf(this.metadata, await this.find(caller, id));
    await reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY)
      .header('cache-control', 'no-store')
      .send(invoicePage(document));
  }

  /** The same bytes each time it is asked for, until it is paid, voided or credited. */
  @Get(':id/pdf')
  async pdf(@CurrentCaller() caller: Caller, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const document = await documentOf(this.metadata, await this.find(caller, id));
    const { number, id: name } = document.invoice;
    await reply
      .header('content-type', 'application/pdf')
      .header('content-disposition', `attachment; filename="${number ?? `draft-${name}`}.pdf"`)
      .header('cache-control', 'no-store')
      .send(Buffer.from(await invoicePdf(document)));
  }

  private find(caller: Caller, id: string, withEvidence = false): Promise<InvoiceSource> {
    requireAllDatabases(caller);
    return findInvoice(this.metadata, this.drafts, caller.organization.id, id, withEvidence);
  }
}

function monthOfCursor(text: string): Date {
  const date = new Date(`${text}-01T00:00:00Z`);
  if (/^[1-9]\d{3}-\d{2}$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw damagedCursor();
}
