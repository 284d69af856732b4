import { ACCOUNTANTS } from '../auth/access.js';
import type { ControlRoute } from './control-route.js';
import { OPERATORS } from './control-route.js';

const READERS = { roles: ACCOUNTANTS, scopes: ['usage:read'] } as const;
const PAYERS = { roles: ACCOUNTANTS, scopes: [] } as const;
const PAGE = ['limit', 'cursor'] as const;

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
  {
    route: 'GET /v1/invoices/:id/lines',
    summary: 'List the lines of an invoice',
    ...{ who: READERS, status: 200, answer: 'InvoiceLinePage', query: PAGE },
  },
  {
    route: 'GET /v1/invoices/:id/databases',
    summary: 'List what of each line is which database’s',
    ...{ who: READERS, status: 200, answer: 'InvoiceDatabasePage', query: PAGE },
  },
  {
    route: 'GET /v1/invoices/:id/records',
    summary: 'List the usage records that an invoice was computed from',
    ...{ who: READERS, status: 200, answer: 'InvoiceRecordPage', query: PAGE },
  },
  {
    route: 'GET /v1/invoices/:id/credit-notes',
    summary: 'List what was credited of an invoice',
    ...{ who: READERS, status: 200, answer: 'CreditNoteList' },
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
    route: 'GET /v1/prices',
    summary: 'Read the plans of the organization and what they cost',
    ...{ who: READERS, status: 200, answer: 'Prices' },
  },
  {
    route: 'GET /v1/budgets',
    summary: 'List the budgets, the oldest first',
    ...{ who: READERS, status: 200, answer: 'BudgetPage', query: ['limit', 'cursor'] },
  },
  {
    route: 'GET /v1/budgets/organization',
    summary: 'Read the budget of the organization',
    ...{ who: READERS, status: 200, answer: 'Budget' },
  },
  {
    route: 'PUT /v1/budgets/organization',
    summary: 'Give the organization a budget, or another one',
    ...{ who: PAYERS, status: 200, answer: 'Budget', body: 'NewBudget', codes: ['quota-exceeded'] },
  },
  {
    route: 'DELETE /v1/budgets/organization',
    summary: 'Take the budget of the organization away',
    ...{ who: PAYERS, status: 204 },
  },
  {
    route: 'GET /v1/budgets/databases/:nameOrId',
    summary: 'Read the budget of a database',
    ...{ who: READERS, status: 200, answer: 'Budget', codes: ['invalid-database-name', 'database-not-found'] },
  },
  {
    route: 'PUT /v1/budgets/databases/:nameOrId',
    summary: 'Give a database a budget, or another one',
    ...{
      who: PAYERS,
      status: 200,
      answer: 'Budget',
      body: 'NewBudget',
      codes: ['invalid-database-name', 'database-not-found', 'quota-exceeded'],
    },
  },
  {
    route: 'DELETE /v1/budgets/databases/:nameOrId',
    summary: 'Take the budget of a database away',
    ...{ who: PAYERS, status: 204, codes: ['invalid-database-name', 'database-not-found'] },
  },
  {
    route: 'GET /v1/budgets/keys/:id',
    summary: 'Read the budget of an API key',
    ...{ who: READERS, status: 200, answer: 'Budget', codes: ['api-key-not-found'] },
  },
  {
    route: 'PUT /v1/budgets/keys/:id',
    summary: 'Give an API key a budget, or another one',
    ...{
      who: PAYERS,
      status: 200,
      answer: 'Budget',
      body: 'NewBudget',
      codes: ['api-key-not-found', 'quota-exceeded'],
    },
  },
  {
    route: 'DELETE /v1/budgets/keys/:id',
    summary: 'Take the budget of an API key away',
    ...{ who: PAYERS, status: 204, codes: ['api-key-not-found'] },
  },
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
