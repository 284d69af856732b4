import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { TokenSigner } from '@leasehold/directory';
import { systemClock } from '@leasehold/foundation';
import { JobBoard } from '@leasehold/jobs';
import { Metadata } from '@leasehold/metadata';
import { OutboundClient } from '@leasehold/outbound';
import type { PaymentProvider } from '@leasehold/payments';
import { outboundPolicyOf, type Logger } from '@leasehold/service-kit';

import { DatabaseInspector } from './admin/database-inspector.js';
import { JobsController } from './admin/jobs-controller.js';
import type { OperatorsBucket } from './admin/operators-bucket.js';
import { ReconciliationsController } from './admin/reconciliations-controller.js';
import { Suspender } from './admin/suspender.js';
import { TenantsController } from './admin/tenants-controller.js';
import { WorkerAsker } from './admin/worker-asker.js';
import { WorkerLeases } from './admin/worker-leases.js';
import { DATABASE_INSPECTOR, OPERATORS_BUCKET, WORKER_LEASES, WorkersController } from './admin/workers-controller.js';
import { AccountsController } from './accounts/accounts-controller.js';
import { EmailVerificationController } from './accounts/email-verification-controller.js';
import { PasswordResetController } from './accounts/password-reset-controller.js';
import { SecondFactorController } from './accounts/second-factor-controller.js';
import { VerificationMail } from './accounts/verification-mail.js';
import { AuditController } from './audit/audit-controller.js';
import { AuthorInterceptor } from './audit/author-interceptor.js';
import { AccessGuard } from './auth/access-guard.js';
import { AuthController } from './auth/auth-controller.js';
import { Authentication } from './auth/authentication.js';
import { LoginThrottle } from './auth/login-throttle.js';
import { PasswordTurns } from './auth/password-turns.js';
import { SecurityLog } from './auth/security-log.js';
import { SecondFactor } from './auth/second-factor.js';
import { SameOriginGuard } from './auth/same-origin-guard.js';
import { BudgetsController } from './budgets/budgets-controller.js';
import { CONFIG, type ControlPlaneConfig } from './config.js';
import { ConsoleConfigController } from './console/console-config-controller.js';
import { CorsController } from './cors/cors-controller.js';
import { CostsController } from './costs/costs-controller.js';
import { DatabaseGrantsController } from './databases/database-grants-controller.js';
import { DatabasesController } from './databases/databases-controller.js';
import { SharedDatabasesController } from './databases/shared-databases-controller.js';
import { HealthBoard } from './health/health-board.js';
import { HealthController } from './health/health-controller.js';
import { looksOf } from './health/looks.js';
import { KeysController } from './keys/keys-controller.js';
import { IdentityProvidersController } from './identity-providers/identity-providers-controller.js';
import { Letters } from './mail/letters.js';
import { MailQueue } from './mail/mail-queue.js';
import { MailThrottle } from './mail/mail-throttle.js';
import { MailboxController } from './mailbox/mailbox-controller.js';
import { MailboxFolder } from './mailbox/mailbox-folder.js';
import { DocumentsController } from './openapi/documents-controller.js';
import { DatabaseDeletionController } from './operations/database-deletion-controller.js';
import { MetricsController } from './metrics/metrics-controller.js';
import { OperationsController } from './operations/operations-controller.js';
import { OperatorSeed } from './operators/operator-seed.js';
import { INVITATION_THROTTLE, INVITATION_THROTTLE_SETTINGS } from './organizations/invitation-throttle.js';
import { BillingDetailsController } from './invoices/billing-details-controller.js';
import { InvoiceDrafts } from './invoices/invoice-drafts.js';
import { InvoicesController } from './invoices/invoices-controller.js';
import { OperatorInvoicesController } from './invoices/operator-invoices-controller.js';
import { PricesController } from './invoices/prices-controller.js';
import { InvitationsController } from './organizations/invitations-controller.js';
import { MembersController } from './organizations/members-controller.js';
import { OrganizationsController } from './organizations/organizations-controller.js';
import { PaymentsController } from './payments/payments-controller.js';
import { PAYMENT_PROVIDER } from './payments/open-payment-provider.js';
import { StripeEventsController } from './payments/stripe-events-controller.js';
import { PlansController } from './plans/plans-controller.js';
import { QuotaInterceptor } from './plans/quota-interceptor.js';
import { QuotasController } from './plans/quotas-controller.js';
import { IdempotencyInterceptor } from './requests/idempotency-interceptor.js';
import { OutageInterceptor } from './requests/outage-interceptor.js';
import { SecurityLogController } from './security-log/security-log-controller.js';
import { SessionsController } from './sessions/sessions-controller.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokensController } from './tokens/tokens-controller.js';
import { CostController } from './usage/cost-controller.js';
import { UsageController } from './usage/usage-controller.js';
import { WebhookSecrets } from './webhooks/webhook-signature.js';
import { WebhooksController } from './webhooks/webhooks-controller.js';

export interface ControlPlaneParts {
  readonly config: ControlPlaneConfig;
  readonly metadata: Metadata;
  readonly signer: TokenSigner;
  readonly mails: MailQueue;
  readonly suspender: Suspender;
  readonly board: JobBoard;
  readonly payments: PaymentProvider;
  /** Undefined: this control plane is told of none. */
  readonly bucket: OperatorsBucket | undefined;
  readonly logger: Logger;
}

@Module({})
class ControlPlaneModule {}

/** A new resource: a folder with its controller, listed here. */
export function controlPlaneModule(parts: ControlPlaneParts): DynamicModule {
  const { config, metadata, signer, mails, suspender, board, payments, bucket, logger } = parts;
  const mailbox = config.MAILBOX_DIR;
  // The configuration has seen to it that there is a public URL where there is mail.
  const letters = new Letters(config.PUBLIC_URL ?? 'http://localhost');
  const securityLog = new SecurityLog(metadata);
  const operatorSecret = config.LEASEHOLD_OPERATOR_SECRET;
  const asker = operatorSecret === undefined ? undefined : new WorkerAsker(operatorSecret, systemClock);
  const leases = bucket === undefined ? null : new WorkerLeases(bucket, asker, metadata);
  const inspector = bucket === undefined ? null : new DatabaseInspector(bucket, asker, metadata);
  const gateway = config.GATEWAY_URL === undefined ? [] : [{ kind: 'gateway', url: config.GATEWAY_URL } as const];
  const health = new HealthBoard(
    looksOf({
      ...{ metadata, board, bucket, clock: systemClock },
      targets: config.HEALTH_TARGETS ?? gateway,
      queueServer: config.REDIS_URL === undefined ? 'postgres' : 'redis',
    }),
    systemClock,
  );
  const authentication = Authentication.create(config, metadata, logger, (email, token) =>
    mails.post(letters.passwordReset(email, token)),
  );
  return {
    module: ControlPlaneModule,
    controllers: [
      AccountsController,
      AuditController,
      AuthController,
      BillingDetailsController,
      BudgetsController,
      ConsoleConfigController,
      CorsController,
      CostsController,
      DatabaseGrantsController,
      DatabaseDeletionController,
      DatabasesController,
      DocumentsController,
      EmailVerificationController,
      HealthController,
      IdentityProvidersController,
      JobsController,
      InvitationsController,
      InvoicesController,
      KeysController,
      MembersController,
      OperatorInvoicesController,
      MetricsController,
      OrganizationsController,
      OperationsController,
      PasswordResetController,
      PaymentsController,
      PlansController,
      PricesController,
      QuotasController,
      ReconciliationsController,
      SecondFactorController,
      SecurityLogController,
      SessionsController,
      SharedDatabasesController,
      StripeEventsController,
      TenantsController,
      TokensController,
      UsageController,
      CostController,
      WebhooksController,
      WorkersController,
      ...(mailbox === undefined ? [] : [MailboxController]),
    ],
    providers: [
      OperatorSeed,
      TokenMint,
      VerificationMail,
      { provide: CONFIG, useValue: config },
      { provide: Metadata, useValue: metadata },
      { provide: Suspender, useValue: suspender },
      { provide: JobBoard, useValue: board },
      { provide: HealthBoard, useValue: health },
      { provide: WebhookSecrets, useValue: new WebhookSecrets(config.WEBHOOK_SECRET ?? config.AUTH_SECRET) },
      { provide: OutboundClient, useValue: new OutboundClient(outboundPolicyOf(config)) },
      { provide: PAYMENT_PROVIDER, useValue: payments },
      { provide: OPERATORS_BUCKET, useValue: bucket ?? null },
      { provide: WORKER_LEASES, useValue: leases },
      { provide: DATABASE_INSPECTOR, useValue: inspector },
      { provide: TokenSigner, useValue: signer },
      { provide: Authentication, useValue: authentication },
      { provide: Letters, useValue: letters },
      { provide: SecurityLog, useValue: securityLog },
      { provide: SecondFactor, useValue: new SecondFactor(metadata, securityLog, config.AUTH_SECRET) },
      { provide: MailQueue, useValue: mails },
      { provide: MailThrottle, useValue: new MailThrottle() },
      { provide: INVITATION_THROTTLE, useValue: new MailThrottle(systemClock, INVITATION_THROTTLE_SETTINGS) },
      ...(mailbox === undefined ? [] : [{ provide: MailboxFolder, useValue: new MailboxFolder(mailbox) }]),
      { provide: PasswordTurns, useValue: new PasswordTurns() },
      { provide: InvoiceDrafts, useValue: new InvoiceDrafts(metadata.invoices) },
      { provide: LoginThrottle, useValue: new LoginThrottle() },
      { provide: APP_GUARD, useClass: SameOriginGuard },
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_INTERCEPTOR, useClass: AuthorInterceptor },
      { provide: APP_INTERCEPTOR, useClass: OutageInterceptor },
      { provide: APP_INTERCEPTOR, useClass: QuotaInterceptor },
      { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
    ],
  };
}
