import type { ServiceOptions } from '../connect.js';
import { serviceTransport } from '../connect.js';
import type { Platform } from '../platform.js';
import { systemPlatform } from '../platform.js';
import type { Transport } from '../transport.js';
import { ApiKeyAdministration } from './api-keys.js';
import { BudgetAdministration } from './budgets.js';
import { DatabaseAdministration } from './databases.js';
import { InvoiceReport } from './invoices.js';
import { JsonService } from './json-service.js';
import { MetricsReport } from './metrics.js';
import { TokenAdministration } from './tokens.js';
import { UsageReport } from './usage.js';

export interface ControlOptions extends ServiceOptions {
  /** Of the control plane: `http://127.0.0.1:4001`. */
  readonly url: string;
}

/** Databases, API keys and tokens of your organization: what a back end does when a customer comes or goes. */
export function connectControl(options: ControlOptions): Control {
  return controlOn(systemPlatform(options.fetch), options);
}

/** The same with time, chance and network from elsewhere. */
export function controlOn(platform: Platform, options: ControlOptions): Control {
  return new Control(serviceTransport(platform, options, '/v1'));
}

/**
 * The control plane. Changes are sent under idempotency keys, and so again when their answer is lost. What answers with a secret is not: then it fails with an
 * `UnknownOutcomeError`, and the key is listed, to be rotated or revoked.
 */
export class Control {
  readonly databases: DatabaseAdministration;
  readonly apiKeys: ApiKeyAdministration;
  readonly tokens: TokenAdministration;
  readonly usage: UsageReport;
  readonly metrics: MetricsReport;
  readonly invoices: InvoiceReport;
  readonly budgets: BudgetAdministration;

  constructor(transport: Transport) {
    const service = new JsonService(transport);
    this.databases = new DatabaseAdministration(service);
    this.apiKeys = new ApiKeyAdministration(service);
    this.tokens = new TokenAdministration(service);
    this.usage = new UsageReport(service);
    this.metrics = new MetricsReport(service);
    this.invoices = new InvoiceReport(service);
    this.budgets = new BudgetAdministration(service);
  }
}
