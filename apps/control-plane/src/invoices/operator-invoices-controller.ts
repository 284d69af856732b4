import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { isTenantId } from '@leasehold/foundation';
import { CreditTooLargeError, InvoiceStateError, Metadata, type InvoiceRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { JsonBody } from '../requests/json-body.js';
import { PageQuery, pageOf, type Page } from '../requests/page.js';
import {
  newCreditNote,
  newPayment,
  newVoiding,
  type NewCreditNote,
  type NewPayment,
  type NewVoiding,
} from './invoice-schemas.js';
import { InvoiceDrafts } from './invoice-drafts.js';
import { creditNotesOf, databasesOf, linesOf } from './invoice-contents.js';
import { findInvoice, issuedSource, noSuchInvoice, type InvoiceSource } from './invoice-source.js';
import { amountOf, creditNoteView, invoiceView, type InvoiceView } from './invoice-view.js';
import { OperatorInvoices, type OperatorInvoicesPage } from './operator-invoices-query.js';

/** What becomes of issued invoices. For operators of the service alone. */
@Controller('v1/admin')
@Access(SESSION_ONLY)
export class OperatorInvoicesController {
  constructor(
    private readonly metadata: Metadata,
    private readonly drafts: InvoiceDrafts,
  ) {}

  /** Issued ones, the latest in front. */
  @Get('invoices')
  async list(
    @CurrentCaller() caller: Caller,
    @OperatorInvoices() { state, tenant, after, limit }: OperatorInvoicesPage,
  ) {
    requireOperator(caller);
    const found = await this.metadata.invoices.listAll({ state, organizationId: tenant }, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    const charges = await this.metadata.payments.ofInvoices(items.map(({ id }) => id));
    const invoices = items.map((invoice) => ({
      organizationId: invoice.organizationId,
      ...invoiceView(invoice, charges.get(invoice.id)),
    }));
    return { invoices, cursor };
  }

  @Get('invoices/:id')
  async read(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return (await this.find(caller, id)).view;
  }

  @Get('invoices/:id/lines')
  async lines(@CurrentCaller() caller: Caller, @Param('id') id: string, @PageQuery() page: Page) {
    return linesOf(await this.find(caller, id), page);
  }

  /** What of each line is which database's. */
  @Get('invoices/:id/databases')
  async databases(@CurrentCaller() caller: Caller, @Param('id') id: string, @PageQuery() page: Page) {
    return databasesOf(await this.find(caller, id), page);
  }

  @Get('invoices/:id/credit-notes')
  async creditNotes(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return creditNotesOf(this.metadata, await this.find(caller, id));
  }

  /** `:month` such as `2026-11`: the issued one, or its draft. */
  @Get('tenants/:id/invoices/:month')
  async ofTenant(@CurrentCaller() caller: Caller, @Param('id') id: string, @Param('month') month: string) {
    requireOperator(caller);
    if (!isTenantId(id)) throw noSuchInvoice();
    return (await findInvoice(this.metadata, this.drafts, id, month)).view;
  }

  /** Repeated, it changes nothing. */
  @Post('invoices/:id/paid')
  @HttpCode(200)
  async pay(@CurrentCaller() caller: Caller, @Param('id') id: string, @JsonBody(newPayment) { payment }: NewPayment) {
    requireOperator(caller);
    return this.view(await told(() => this.metadata.invoices.markPaid(id, payment)));
  }

  /** Repeated, it changes nothing. */
  @Post('invoices/:id/void')
  @HttpCode(200)
  async void(@CurrentCaller() caller: Caller, @Param('id') id: string, @JsonBody(newVoiding) { reason }: NewVoiding) {
    requireOperator(caller);
    return this.view(await told(() => this.metadata.invoices.void(id, reason)));
  }

  @Post('invoices/:id/credit-notes')
  async credit(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(newCreditNote) { amount, reason }: NewCreditNote,
  ) {
    requireOperator(caller);
    return creditNoteView((await told(() => this.metadata.invoices.credit(id, BigInt(amount), reason))) ?? none());
  }

  private async find(caller: Caller, id: string): Promise<InvoiceSource> {
    requireOperator(caller);
    return issuedSource(this.metadata, await this.metadata.invoices.find(id));
  }

  private async view(invoice: InvoiceRecord | undefined): Promise<InvoiceView> {
    return (await issuedSource(this.metadata, invoice)).view;
  }
}

function none(): never {
  throw noSuchInvoice();
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvoiceStateError) {
      throw new ProblemError('conflict', error.message, { cause: error, members: { state: error.state } });
    }
    if (error instanceof CreditTooLargeError) {
      const members = { left: amountOf(error.left) };
      throw new ProblemError('conflict', error.message, { cause: error, members });
    }
    throw error;
  }
}
