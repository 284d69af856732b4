import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isTenantId } from '@leasehold/foundation';
import { INVOICE_STATES, type InvoiceState } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { pageIn, queryOf, type Page } from '../requests/page.js';
import { oneOf, textIn } from '../requests/query-text.js';

/** Which issued invoices are wanted, of whom. */
export interface OperatorInvoicesPage extends Page {
  /** Undefined: of every state. */
  readonly state: InvoiceState | undefined;
  /** An id; undefined: of everybody. */
  readonly tenant: string | undefined;
}

/** Parameter of a handler: `state`, `tenant`, `limit` and `cursor` of the query. */
export const OperatorInvoices = createParamDecorator((_: unknown, context: ExecutionContext): OperatorInvoicesPage => {
  const parameters = parseQueryString(queryOf(context), ['state', 'tenant', 'limit', 'cursor']);
  const state = oneOf(INVOICE_STATES, 'state', textIn(parameters, 'state'));
  const tenant = textIn(parameters, 'tenant');
  if (tenant !== undefined && !isTenantId(tenant)) {
    throw new ProblemError('invalid-parameter', 'tenant is the id of an organization');
  }
  return { ...pageIn(parameters), state, tenant };
});
