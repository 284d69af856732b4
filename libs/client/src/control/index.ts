/** `@leasehold/client/control`: databases, API keys and tokens of an organization. */
export {
  type ApiKeyAdministration,
  type ApiKeyRecord,
  connectControl,
  type Control,
  type ControlOptions,
  type DatabaseAdministration,
  type DatabaseChange,
  type DatabaseFilter,
  type DatabaseGrant,
  type DatabaseOptions,
  type DatabaseRecord,
  type MintedToken,
  type NewApiKey,
  type NewDatabase,
  type NewToken,
  type Rotation,
  type Scope,
  type SharedDatabase,
  type TokenAdministration,
  type UsageQuestion,
  type UsageReport,
  type UsageRow,
} from './control.js';
export type { BudgetAdministration, BudgetLimit, BudgetRecord, BudgetSettings, BudgetSubject } from './budgets.js';
export type { InvoiceCharge, InvoiceLine, InvoiceRecord, InvoiceReport } from './invoices.js';
export * from '../errors.js';
