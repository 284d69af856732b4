import { Controller, Get, Put } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';

import { Access, ACCOUNTANTS, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { JsonBody } from '../requests/json-body.js';
import { newBillingDetails, newIssuer, type NewBillingDetails, type NewIssuer } from './invoice-schemas.js';
import { issuerView } from './invoice-view.js';

const PAYERS = { roles: ACCOUNTANTS, scopes: [] } as const;

/** What stands at the head of the invoices that are issued from now on. */
@Controller('v1')
export class BillingDetailsController {
  constructor(private readonly metadata: Metadata) {}

  @Get('billing-details')
  @Access(PAYERS)
  read(@CurrentCaller() caller: Caller) {
    return this.metadata.billingDetails.of(caller.organization.id);
  }

  /** All of them: what is left out is empty. */
  @Put('billing-details')
  @Access(PAYERS)
  async put(@CurrentCaller() caller: Caller, @JsonBody(newBillingDetails) body: NewBillingDetails) {
    await this.metadata.billingDetails.put(caller.organization.id, body);
    return body;
  }

  @Get('admin/billing-issuer')
  @Access(SESSION_ONLY)
  async readIssuer(@CurrentCaller() caller: Caller) {
    requireOperator(caller);
    return issuerView(await this.metadata.billingDetails.issuer());
  }

  @Put('admin/billing-issuer')
  @Access(SESSION_ONLY)
  async putIssuer(@CurrentCaller() caller: Caller, @JsonBody(newIssuer) body: NewIssuer) {
    requireOperator(caller);
    await this.metadata.billingDetails.putIssuer({ ...body, address: body.address.join('\n') });
    return body;
  }
}
