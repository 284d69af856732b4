import { setMaxListeners } from 'node:events';

import { TokenSigner } from '@leasehold/directory';
import { systemClock } from '@leasehold/foundation';
import { JobBoard, queueStoreFrom } from '@leasehold/jobs';
import { ChangeFeed, Metadata } from '@leasehold/metadata';
import { createLogger, Health, routeTableOf, runService, type RunningService } from '@leasehold/service-kit';

import { openOperatorsBucket } from './admin/operators-bucket.js';
import { openRevocationLog } from './admin/open-revocation-log.js';
import { Suspender, TELL_INTERVAL_MS } from './admin/suspender.js';
import { tellRevocations } from './admin/tell-revocations.js';
import { pruneAuditLog } from './audit/audit-retention.js';
import { BUDGETS_INTERVAL_MS, watchBudgets } from './budgets/budget-watch.js';
import type { ControlPlaneConfig } from './config.js';
import { COSTS_INTERVAL_MS, costWatch } from './costs/cost-watch.js';
import { serveConsole } from './console/console-files.js';
import { controlPlaneModule } from './control-plane-module.js';
import { EXPIRY_INTERVAL_MS, expireDatabases } from './databases/database-expiry.js';
import { HealthBoard } from './health/health-board.js';
import { InvoiceDrafts } from './invoices/invoice-drafts.js';
import { INVOICE_MAILS_INTERVAL_MS, mailInvoices } from './invoices/mail-invoices.js';
import { Letters } from './mail/letters.js';
import { MailQueue } from './mail/mail-queue.js';
import { openMailTransport } from './mail/open-mail-transport.js';
import { OPERATIONS_INTERVAL_MS, runOperations } from './operations/operation-runner.js';
import { OperatorSeed } from './operators/operator-seed.js';
import { openPaymentProvider } from './payments/open-payment-provider.js';
import { startPayments } from './payments/start-payments.js';
import { repeat } from './repeat.js';
import { startDeliveries } from './webhooks/start-deliveries.js';
import { TokenMint } from './tokens/token-mint.js';

const SERVICE = 'control-plane';
/** Bodies are forms: the largest holds a few names. */
const BODY_LIMIT_BYTES = 64 * 1024;
const AUDIT_PRUNE_INTERVAL_MS = 60 * 60 * 1_000;
/** Longer than anybody is away from their account. */
const SECURITY_EVENTS_KEPT_MS = 90 * 24 * 60 * 60 * 1_000;
const PRUNE_INTERVAL_MS = 5 * 60 * 1_000;
/** Each listens for the end; Node warns of more than ten. */
const MAX_LOOPS = 50;
/** Between looks at the parts that nobody asks for: so that since when one is as it is, is known to the minute. */
const HEALTH_INTERVAL_MS = 60_000;
/** What Postgres was not there for at the start. */
const SEED_RETRY_MS = 2_000;

export interface RunningControlPlane extends RunningService {
  /** `GET /v1/databases/:nameOrId`, sorted, without HEAD. */
  readonly routes: readonly string[];
}

/** Starts the service. Postgres may be down: then it is not ready, and answers 503 where it needs Postgres. */
export async function startControlPlane(
  config: ControlPlaneConfig,
  logger = createLogger(SERVICE, config.LOG_LEVEL),
): Promise<RunningControlPlane> {
  const metadata = Metadata.open({ databaseUrl: config.DATABASE_URL });
  const mails = new MailQueue(openMailTransport(config), logger);
  if (!mails.configured) logger.warn('no mail is sent: neither SMTP_URL nor MAILBOX_DIR is set');
  const bucket = openOperatorsBucket(config);
  if (bucket === undefined) logger.warn('suspensions do not hold without Postgres: S3_BUCKET is not set');
  const suspender = new Suspender(metadata, bucket && openRevocationLog(bucket, metadata, logger), systemClock, logger);
  const board = new JobBoard(queueStoreFrom(config), systemClock);
  const stopping = new AbortController();
  setMaxListeners(MAX_LOOPS, stopping.signal);
  let routes: readonly string[] = [];
  const closeParts = async () => {
    await board.close();
    await metadata.close();
    bucket?.close();
  };
  try {
    const signer = await TokenSigner.over(config.TOKEN_SIGNING_KEY);
    const payments = await openPaymentProvider(config);
    const service = await runService({
      name: SERVICE,
      module: controlPlaneModule({ config, metadata, signer, mails, suspender, board, payments, bucket, logger }),
      config,
      logger,
      // We parse bodies ourselves: strictly, and better-auth wants them as they came.
      rawBodies: true,
      bodyLimitBytes: BODY_LIMIT_BYTES,
      configure: async (app) => {
        app.get(Health).addReadinessCheck('postgres', () => metadata.answers());
        await serveConsole(app, config, logger);
      },
      afterListen: async (app) => {
        routes = routeTableOf(app.getHttpAdapter().getInstance())?.list() ?? [];
        const seed = app.get(OperatorSeed);
        if (!(await seed.plant())) {
          void repeat(async () => ((await seed.plant()) ? 'done' : 'again'), SEED_RETRY_MS, stopping.signal);
        }
        const mint = app.get(TokenMint);
        if ((await publish(mint)) === 'again') void repeat(() => publish(mint), SEED_RETRY_MS, stopping.signal);
        if (bucket) void repeat(tellRevocations(suspender, logger), TELL_INTERVAL_MS, stopping.signal);
        void repeat(() => prune(metadata.changes), PRUNE_INTERVAL_MS, stopping.signal);
        void repeat(() => prune(metadata.operations), PRUNE_INTERVAL_MS, stopping.signal);
        void repeat(() => runOperations(metadata, logger, stopping.signal), OPERATIONS_INTERVAL_MS, stopping.signal);
        void repeat(() => prune(metadata.idempotencyKeys), PRUNE_INTERVAL_MS, stopping.signal);
        void repeat(() => pruneSecurityEvents(metadata), PRUNE_INTERVAL_MS, stopping.signal);
        void repeat(
          () => pruneAuditLog(metadata, config.AUDIT_RETENTION_DAYS, logger),
          AUDIT_PRUNE_INTERVAL_MS,
          stopping.signal,
        );
        startDeliveries(app, metadata, logger, stopping.signal);
        startPayments(app, metadata, logger, stopping.signal);
        const told = { metadata, mails, letters: app.get(Letters), logger };
        void repeat(() => watchBudgets(told), BUDGETS_INTERVAL_MS, stopping.signal);
        void repeat(() => mailInvoices(told), INVOICE_MAILS_INTERVAL_MS, stopping.signal);
        void repeat(() => expireDatabases(metadata, logger), EXPIRY_INTERVAL_MS, stopping.signal);
        const drafts = app.get(InvoiceDrafts);
        const costs = { metadata, drafts, logger, refreshMs: config.COSTS_REFRESH_MS };
        void repeat(costWatch(costs), COSTS_INTERVAL_MS, stopping.signal);
        const health = app.get(HealthBoard);
        void repeat(() => health.look().then(() => 'again'), HEALTH_INTERVAL_MS, stopping.signal);
      },
    });
    return {
      url: service.url,
      routes,
      close: async () => {
        stopping.abort();
        await service.close();
        await mails.close();
        await closeParts();
      },
    };
  } catch (error) {
    stopping.abort();
    await closeParts();
    throw error;
  }
}

async function publish(mint: TokenMint): Promise<'again' | 'done'> {
  return mint.publish().then(
    () => 'done',
    () => 'again',
  );
}

async function pruneSecurityEvents(metadata: Metadata): Promise<'again'> {
  const olderThan = new Date(systemClock.now() - SECURITY_EVENTS_KEPT_MS);
  return prune({ prune: () => metadata.securityEvents.prune(olderThan) });
}

async function prune(rows: Pick<ChangeFeed, 'prune'>): Promise<'again'> {
  // Failing only means that the table stays larger until the next time.
  await rows.prune().catch(() => 0);
  return 'again';
}
