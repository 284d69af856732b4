/** `@leasehold/client/control`: databases, API keys, tokens, usage, metrics, invoices and budgets of an organization. */
export type { ApiKeyAdministration, ApiKeyRecord, NewApiKey, Rotation } from './api-keys.js';
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
export { connectControl, type Control, type ControlOptions } from './control.js';
export type { InvoiceCharge, InvoiceLine, InvoiceRecord, InvoiceReport } from './invoices.js';
export type { DatabaseMetrics, MetricsQuestion, MetricsReport, MetricsRow } from './metrics.js';
export type { Scope } from './scope.js';
export type { MintedToken, NewToken, TokenAdministration } from './tokens.js';
export type { UsageQuestion, UsageReport, UsageRow } from './usage.js';
export * from '../errors.js';
