/** `@leasehold/client/control`: databases, API keys, tokens, usage, invoices and budgets of an organization. */
export {
  type ApiKeyAdministration,
  type ApiKeyRecord,
  connectControl,
  type Control,
  type ControlOptions,
  type MintedToken,
  type NewApiKey,
  type NewToken,
  type Rotation,
  type Scope,
  type TokenAdministration,
} from './control.js';
export type { BudgetAdministration, BudgetLimit, BudgetRecord, BudgetSettings, BudgetSubject } from './budgets.js';
export type {
  DatabaseAdministration,
  DatabaseChange,
  DatabaseFilter,
  DatabaseGrant,
  DatabaseOptions,
  DatabaseRecord,
  NewDatabase,
  SharedDatabase,
} from './databases.js';
export type { InvoiceCharge, InvoiceLine, InvoiceRecord, InvoiceReport } from './invoices.js';
export type { UsageQuestion, UsageReport, UsageRow } from './usage.js';
export * from '../errors.js';
