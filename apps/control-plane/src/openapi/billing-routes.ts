import type { ErrorCode } from '@leasehold/protocol';

import { ACCOUNTANTS } from '../auth/access.js';
import type { ControlRoute } from './control-route.js';
import { OPERATORS } from './control-route.js';

const READERS = { roles: ACCOUNTANTS, scopes: ['usage:read'] } as const;
const PAYERS = { roles: ACCOUNTANTS, scopes: [] } as const;
const PAGE = ['limit', 'cursor'] as const;

/** What stands on an invoice. */
function contentsOf(invoice: `/${string}`, who: ControlRoute['who']): readonly ControlRoute[] {
  return [
    {
      route: `GET ${invoice}/lines`,
      summary: 'List the lines of an invoice',
      ...{ who, status: 200, answer: 'InvoiceLinePage', query: PAGE },
    },
    {
      route: `GET ${invoice}/databases`,
      summary: 'List what of each line is which database’s',
      ...{ who, status: 200, answer: 'InvoiceDatabasePage', query: PAGE },
    },
    {
      route: `GET ${invoice}/credit-notes`,
      summary: 'List what was credited of an invoice',
      ...{ who, status: 200, answer: 'CreditNoteList' },
    },
  ];
}

/** Reading, changing and taking away one kind of budget. @param whose for people: `a database` */
function budgetOf(subject: string, whose: string, codes: readonly ErrorCode[]): readonly ControlRoute[] {
  const path = `/v1/budgets/${subject}` as const;
  return [
    {
      route: `GET ${path}`,
      summary: `Read the budget of ${whose}`,
      ...{ who: READERS, status: 200, answer: 'Budget', codes },
    },
    {
      route: `PUT ${path}`,
      summary: `Give ${whose} a budget, or another one`,
      ...{ who: PAYERS, status: 200, answer: 'Budget', body: 'NewBudget', codes: [...codes, 'quota-exceeded'] },
    },
    {
      route: `DELETE ${path}`,
      summary: `Take the budget of ${whose} away`,
      ...{ who: PAYERS, status: 204, codes },
    },
  ];
}

/** What is billed, to whom, and at which prices. */
export const BILLING_ROUTES: readonly ControlRoute[] = [
  {
    route: 'GET /v1/invoices',
    summary: 'List the issued invoices, the latest month first',
    ...{ who: READERS, status: 200, answer: 'InvoicePage', query: PAGE },
  },
  {
    route: 'GET /v1/invoices/:id',
    summary: 'Read an invoice, or the draft of a month such as 2026-11',
    ...{ who: READERS, status: 200, answer: 'Invoice' },
  },
  ...contentsOf('/v1/invoices/:id', READERS),
  {
    route: 'GET /v1/invoices/:id/records',
    summary: 'List the usage records that an invoice was computed from',
    ...{ who: READERS, status: 200, answer: 'InvoiceRecordPage', query: PAGE },
  },
  {
    route: 'GET /v1/invoices/:id/html',
    summary: 'Read an invoice as a page',
    ...{ who: READERS, status: 200, mediaType: 'text/html' },
  },
  {
    route: 'GET /v1/invoices/:id/pdf',
    summary: 'Read an invoice as a PDF',
    ...{ who: READERS, status: 200, mediaType: 'application/pdf' },
  },
  {
    route: 'GET /v1/costs',
    summary: 'Read what a month cost, by time, database, key or label',
    ...{ who: READERS, status: 200, answer: 'MonthCosts' },
    query: [...PAGE, 'month', 'step', 'group', 'database', 'meter', 'format'],
    alsoAs: 'text/csv',
    codes: ['invalid-database-name', 'database-not-found'],
  },
  {
    route: 'GET /v1/prices',
    summary: 'Read the plans of the organization and what they cost',
    ...{ who: READERS, status: 200, answer: 'Prices' },
  },
  {
    route: 'GET /v1/budgets',
    summary: 'List the budgets, the oldest first',
    ...{ who: READERS, status: 200, answer: 'BudgetPage', query: PAGE },
  },
  ...budgetOf('organization', 'the organization', ['not-found']),
  ...budgetOf('databases/:nameOrId', 'a database', ['invalid-database-name', 'database-not-found']),
  ...budgetOf('keys/:id', 'an API key', ['api-key-not-found']),
  {
    route: 'GET /v1/billing-details',
    summary: 'Read to whom invoices are addressed',
    ...{ who: PAYERS, status: 200, answer: 'BillingDetails' },
  },
  {
    route: 'PUT /v1/billing-details',
    summary: 'Say to whom invoices are addressed from now on',
    ...{ who: PAYERS, status: 200, answer: 'BillingDetails', body: 'NewBillingDetails' },
  },
  {
    route: 'GET /v1/admin/plans/:id/versions',
    summary: 'List what a plan costs from when on',
    ...{ who: OPERATORS, status: 200, answer: 'PlanVersionList' },
  },
  {
    route: 'POST /v1/admin/plans/:id/versions',
    summary: 'Say what a plan costs from a time on',
    ...{ who: OPERATORS, status: 201, answer: 'PlanVersion', body: 'NewPlanVersion' },
  },
  {
    route: 'GET /v1/admin/invoices',
    summary: 'List the issued invoices of all tenants, the latest issued first',
    ...{ who: OPERATORS, status: 200, answer: 'OperatorInvoicePage', query: ['state', 'tenant', ...PAGE] },
  },
  {
    route: 'GET /v1/admin/costs',
    summary: 'List what tenants cost in a month, and what they bring in',
    ...{ who: OPERATORS, status: 200, answer: 'CostPage', query: ['month', 'sort', 'format', ...PAGE] },
    alsoAs: 'text/csv',
  },
  {
    route: 'GET /v1/admin/provider-prices',
    summary: 'List what the provider of the bucket asks from when on',
    ...{ who: OPERATORS, status: 200, answer: 'ProviderPriceList' },
  },
  {
    route: 'PUT /v1/admin/provider-prices/:month',
    summary: 'Say what the provider of the bucket asks from a month on',
    ...{ who: OPERATORS, status: 200, answer: 'ProviderPrices', body: 'NewProviderPrices' },
  },
  {
    route: 'GET /v1/admin/invoices/:id',
    summary: 'Read an invoice of any tenant',
    ...{ who: OPERATORS, status: 200, answer: 'Invoice' },
  },
  ...contentsOf('/v1/admin/invoices/:id', OPERATORS),
  {
    route: 'GET /v1/admin/tenants/:id/invoices/:month',
    summary: 'Read the invoice of a tenant for a month, or its draft',
    ...{ who: OPERATORS, status: 200, answer: 'Invoice' },
  },
  {
    route: 'POST /v1/admin/invoices/:id/paid',
    summary: 'Say that an invoice is paid',
    ...{ who: OPERATORS, status: 200, answer: 'Invoice', body: 'InvoicePayment' },
  },
  {
    route: 'POST /v1/admin/invoices/:id/void',
    summary: 'Void an invoice that is not paid',
    ...{ who: OPERATORS, status: 200, answer: 'Invoice', body: 'InvoiceVoiding' },
  },
  {
    route: 'POST /v1/admin/invoices/:id/credit-notes',
    summary: 'Take back a part of what an invoice billed',
    ...{ who: OPERATORS, status: 201, answer: 'CreditNote', body: 'NewCreditNote' },
  },
  {
    route: 'GET /v1/admin/billing-issuer',
    summary: 'Read who issues the invoices',
    ...{ who: OPERATORS, status: 200, answer: 'BillingIssuer' },
  },
  {
    route: 'PUT /v1/admin/billing-issuer',
    summary: 'Say who issues the invoices from now on',
    ...{ who: OPERATORS, status: 200, answer: 'BillingIssuer', body: 'NewBillingIssuer' },
  },
];
