import { PrismaPg } from '@prisma/adapter-pg';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';

import { ApiKeys } from './api-keys.js';
import { AuditLog } from './audit-log.js';
import { authored } from './authored-adapter.js';
import { BillingDetails } from './billing/billing-details.js';
import { InvoiceLetters } from './billing/invoice-letters.js';
import { InvoiceLines } from './billing/invoice-lines.js';
import { Invoices } from './billing/invoices.js';
import { PlanVersions } from './billing/plan-versions.js';
import { Budgets } from './budgets/budgets.js';
import { ChangeFeed } from './change-feed.js';
import { CostReport } from './costs/cost-report.js';
import { ProviderPriceList } from './costs/provider-prices.js';
import { TenantCosts } from './costs/tenant-costs.js';
import { TenantMonths } from './costs/tenant-months.js';
import { DatabaseGrants } from './database-grants.js';
import { Databases } from './databases.js';
import { GatewaySigns } from './gateway-signs.js';
import { PrismaClient } from './generated/client.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { Invitations } from './invitations.js';
import { LoginChallenges } from './login-challenges.js';
import { Members } from './members.js';
import { IdentityProviders } from './identity-providers.js';
import { Operations } from './operations.js';
import { OrganizationSettings } from './organization-settings.js';
import { Organizations } from './organizations.js';
import { PaymentCustomers } from './payments/payment-customers.js';
import { PaymentEvents } from './payments/payment-events.js';
import { Payments } from './payments/payments.js';
import { People } from './people.js';
import { Plans } from './plans.js';
import { Quotas } from './quotas.js';
import { SecondFactors } from './second-factors.js';
import { SecurityEvents } from './security-events.js';
import { withUtcSessions } from './session-time-zone.js';
import { Sessions } from './sessions.js';
import { Suspensions } from './suspensions.js';
import { Tenants } from './tenants.js';
import { TokenKeys } from './token-keys.js';
import { TrafficReport } from './traffic-report.js';
import { UsageReconciliations } from './usage-reconciliations.js';
import { UsageReport } from './usage-report.js';
import { WebhookDeliveries } from './webhook-deliveries.js';
import { Webhooks } from './webhooks.js';

export interface MetadataSettings {
  readonly databaseUrl: string;
  /** Connections to Postgres at most; default 10. */
  readonly maxConnections?: number;
  /** Give up waiting for a connection after this; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Postgres gives up a statement after this; default 10,000. */
  readonly statementTimeoutMs?: number;
}

const DEFAULT_MAX_CONNECTIONS = 10;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_STATEMENT_TIMEOUT_MS = 10_000;
/** The server cannot report its time-out over a dead connection: the client gives up a little later by itself. */
const REPORT_MARGIN_MS = 2_000;
/** Who asks whether Postgres answers has mostly waited for it already. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Accounts, databases and keys in Postgres. One per process; connects when first used. */
export class Metadata {
  readonly organizations: Organizations;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly people: People;
  readonly secondFactors: SecondFactors;
  readonly loginChallenges: LoginChallenges;
  readonly sessions: Sessions;
  readonly securityEvents: SecurityEvents;
  readonly databases: Databases;
  readonly databaseGrants: DatabaseGrants;
  readonly apiKeys: ApiKeys;
  readonly settings: OrganizationSettings;
  readonly payments: Payments;
  readonly paymentCustomers: PaymentCustomers;
  readonly paymentEvents: PaymentEvents;
  readonly plans: Plans;
  readonly quotas: Quotas;
  readonly identityProviders: IdentityProviders;
  readonly suspensions: Suspensions;
  readonly tenants: Tenants;
  readonly tokenKeys: TokenKeys;
  readonly changes: ChangeFeed;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly operations: Operations;
  readonly auditLog: AuditLog;
  readonly webhooks: Webhooks;
  readonly deliveries: WebhookDeliveries;
  readonly trafficReport: TrafficReport;
  readonly usageReport: UsageReport;
  readonly costReport: CostReport;
  readonly usageReconciliations: UsageReconciliations;
  readonly planVersions: PlanVersions;
  readonly budgets: Budgets;
  readonly billingDetails: BillingDetails;
  readonly invoices: Invoices;
  readonly invoiceLetters: InvoiceLetters;
  readonly invoiceLines: InvoiceLines;
  readonly providerPrices: ProviderPriceList;
  readonly tenantMonths: TenantMonths;
  readonly tenantCosts: TenantCosts;
  readonly gatewaySigns: GatewaySigns;

  private constructor(
    /** For better-auth's adapter; everybody else uses the repositories. */
    readonly prisma: PrismaClient,
  ) {
    const ids = new UlidSource(systemClock, systemRandom);
    this.organizations = new Organizations(prisma, ids);
    this.members = new Members(prisma);
    this.invitations = new Invitations(prisma, ids);
    this.people = new People(prisma);
    this.secondFactors = new SecondFactors(prisma);
    this.loginChallenges = new LoginChallenges(prisma, ids);
    this.sessions = new Sessions(prisma);
    this.securityEvents = new SecurityEvents(prisma);
    this.databases = new Databases(prisma);
    this.databaseGrants = new DatabaseGrants(prisma);
    this.apiKeys = new ApiKeys(prisma);
    this.settings = new OrganizationSettings(prisma);
    this.payments = new Payments(prisma);
    this.paymentCustomers = new PaymentCustomers(prisma);
    this.paymentEvents = new PaymentEvents(prisma);
    this.plans = new Plans(prisma);
    this.quotas = new Quotas(prisma);
    this.identityProviders = new IdentityProviders(prisma);
    this.suspensions = new Suspensions(prisma);
    this.tenants = new Tenants(prisma);
    this.tokenKeys = new TokenKeys(prisma);
    this.changes = new ChangeFeed(prisma);
    this.idempotencyKeys = new IdempotencyKeys(prisma);
    this.operations = new Operations(prisma, ids);
    this.auditLog = new AuditLog(prisma);
    this.webhooks = new Webhooks(prisma);
    this.deliveries = new WebhookDeliveries(prisma);
    this.trafficReport = new TrafficReport(prisma);
    this.usageReport = new UsageReport(prisma);
    this.costReport = new CostReport(prisma);
    this.usageReconciliations = new UsageReconciliations(prisma);
    this.planVersions = new PlanVersions(prisma);
    this.budgets = new Budgets(prisma, ids);
    this.billingDetails = new BillingDetails(prisma);
    this.invoices = new Invoices(prisma, ids);
    this.invoiceLetters = new InvoiceLetters(prisma);
    this.invoiceLines = new InvoiceLines(prisma);
    this.providerPrices = new ProviderPriceList(prisma);
    this.tenantMonths = new TenantMonths(prisma);
    this.tenantCosts = new TenantCosts(prisma);
    this.gatewaySigns = new GatewaySigns(prisma);
  }

  static open(settings: MetadataSettings): Metadata {
    const statementTimeoutMs = settings.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
    const adapter = new PrismaPg({
      connectionString: withUtcSessions(settings.databaseUrl),
      max: settings.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      connectionTimeoutMillis: settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + REPORT_MARGIN_MS,
      application_name: 'leasehold',
    });
    return new Metadata(new PrismaClient({ adapter: authored(adapter), errorFormat: 'minimal' }));
  }

  /** Whether Postgres answers, soon. Never throws. */
  async answers(): Promise<boolean> {
    const enough = new AbortController();
    const answered = this.prisma.$queryRaw`SELECT 1`.then(() => true);
    const late = systemClock.sleep(ANSWER_TIMEOUT_MS, enough.signal).then(() => false);
    try {
      return await Promise.race([answered, late]);
    } catch {
      return false;
    } finally {
      enough.abort();
      // Whichever comes second has nobody left to tell.
      void Promise.allSettled([answered, late]);
    }
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
