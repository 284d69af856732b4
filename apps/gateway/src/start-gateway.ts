import type { BudgetLedger, DemandBoard } from '@leasehold/directory';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { KV_LIMITS, LIMITS } from '@leasehold/protocol';
import { collectInShortPauses, createLogger, Health, METRICS, runService } from '@leasehold/service-kit';
import type { Logger, RunningService } from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

import { BudgetExchange } from './budgets/budget-exchange.js';
import { BudgetGuard } from './budgets/budget-guard.js';
import { TenantBudgets } from './budgets/tenant-budgets.js';
import { DEFAULT_FEED_SETTINGS } from './changes/feed-settings.js';
import { Feeds } from './changes/feeds.js';
import { allowOrigins } from './cors.js';
import { withoutKey } from './databases/request-target.js';
import { serveExpress } from './express/serve-express.js';
import { meterReads, ReadUsage } from './usage/read-usage.js';
import { Forwarder } from './forwarding/forwarder.js';
import { WorkerFleet } from './forwarding/worker-fleet.js';
import type { GatewayConfig } from './config.js';
import { limitTenants } from './limits/limit-tenants.js';
import { SharedRates } from './limits/shared-rates.js';
import { limitUnder, tenantLimitOf } from './limits/tenant-limit.js';
import { TenantLimits } from './limits/tenant-limits.js';
import { TenantWakes } from './limits/tenant-wakes.js';
import { GatewayMetrics } from './gateway-metrics.js';
import { GatewayModule } from './gateway-module.js';
import type { GatewayParts } from './gateway-parts.js';
import { timeGateway } from './timing/gateway-timing.js';
import { countTraffic, RequestTraffic } from './traffic/request-traffic.js';

const DATABASE_ROUTE = '/v1/db/:database';
const KV_CONNECT_ROUTE = '/kv/:database';

export interface GatewayOptions {
  /** Plain requests of one key go ahead of the routes, which answer the same; true by default. */
  readonly expressLane?: boolean;
}

/** Starts a gateway; resolves when it serves. Nothing keeps running when it throws. */
export async function startGateway(
  config: GatewayConfig,
  open: (config: GatewayConfig, logger: Logger) => Promise<GatewayParts>,
  { expressLane = true }: GatewayOptions = {},
): Promise<RunningService> {
  collectInShortPauses();
  const logger = createLogger('gateway', config.LOG_LEVEL);
  const parts = await open(config, logger);
  const fleet = new WorkerFleet(parts.sessions, config.LEASEHOLD_INTERNAL_SECRET);
  let rates: SharedRates | undefined;
  let budgets: Budgets | undefined;
  const closeParts = async () => {
    await rates?.stop();
    await budgets?.exchange.stop();
    await fleet.close();
    await parts.close();
  };
  try {
    const metrics = new GatewayMetrics(parts.usage);
    const wakes = new TenantWakes(systemClock, {
      limitOf: (id) => parts.directory.knownTenant(id)?.quotas?.concurrentWakes ?? config.TENANT_CONCURRENT_WAKES,
      maxWaitMs: config.HOLD_TIMEOUT_MS,
      onRefused: () => metrics.refused('wakes'),
    });
    const forwarder = new Forwarder(fleet, systemClock, metrics, {
      secret: config.LEASEHOLD_INTERNAL_SECRET,
      holdMs: config.HOLD_TIMEOUT_MS,
      wakes,
    });
    const limit = tenantLimitOf(config);
    const limits = new TenantLimits(systemClock, {
      limitOf: ({ quotas }) => limitUnder(limit, quotas),
      isShared: parts.board !== undefined,
      onRefused: (policy) => metrics.refused(policy),
    });
    rates = parts.board && sharedRates(limits, parts.board, logger);
    await rates?.start();
    const feedSettings = { ...DEFAULT_FEED_SETTINGS, lifetimeMs: config.FEED_LIFETIME_MS };
    const feeds = new Feeds(systemClock, systemRandom, feedSettings, (open) => metrics.feeds(open));
    budgets = parts.ledger && budgetsOver(parts.ledger, parts, metrics, logger);
    budgets?.exchange.start();
    const guard = budgets?.guard;
    const traffic = parts.traffic && new RequestTraffic(parts.traffic, systemClock);
    const usage = parts.usage && new ReadUsage(parts.usage, systemClock, guard);
    const service = await runService({
      name: 'gateway',
      module: GatewayModule.with(parts.directory, forwarder, feeds, usage, guard),
      config,
      logger,
      rawBodies: true,
      bodyLimitBytes: LIMITS.valueBytes,
      bodyTooLargeCode: 'value-too-large',
      routeBodyLimits: {
        [`${DATABASE_ROUTE}/transactions`]: {
          limitBytes: LIMITS.transactionBodyBytes,
          tooLargeCode: 'transaction-too-large',
        },
        [`${DATABASE_ROUTE}/reads`]: { limitBytes: LIMITS.snapshotBodyBytes, tooLargeCode: 'body-too-large' },
        [KV_CONNECT_ROUTE]: { limitBytes: KV_LIMITS.exchangeBodyBytes, tooLargeCode: 'body-too-large' },
        [`${KV_CONNECT_ROUTE}/v2/snapshot_read`]: {
          limitBytes: KV_LIMITS.readBodyBytes,
          tooLargeCode: 'body-too-large',
        },
        [`${KV_CONNECT_ROUTE}/v2/atomic_write`]: {
          limitBytes: KV_LIMITS.writeBodyBytes,
          tooLargeCode: 'transaction-too-large',
        },
        [`${KV_CONNECT_ROUTE}/v2/watch`]: { limitBytes: KV_LIMITS.watchBodyBytes, tooLargeCode: 'body-too-large' },
      },
      rewriteTarget: withoutKey,
      beforeDrain: () => feeds.drain(),
      configure: (app, accounts) => {
        const instance: FastifyInstance = app.getHttpAdapter().getInstance();
        metrics.register(app.get<Registry>(METRICS));
        const times = timeGateway(instance, app.get<Registry>(METRICS));
        allowOrigins(instance, { directory: parts.directory, consoleOrigin: config.CONSOLE_ORIGIN });
        limitTenants(instance, parts.directory, limits);
        meterReads(instance, usage, guard);
        if (traffic) countTraffic(instance, traffic);
        if (expressLane) {
          // As the routes, where answers may depend on the origin of a page.
          const fixedHeaders: Record<string, string> = config.CONSOLE_ORIGIN === undefined ? {} : { vary: 'origin' };
          const { directory } = parts;
          serveExpress(instance, {
            directory,
            limits,
            forwarder,
            accounts,
            times,
            logger,
            clock: systemClock,
            fixedHeaders,
            usage,
            traffic,
          });
        }
        // Known once, served through outages: the directory need not answer now.
        app.get(Health).addReadinessCheck('directory', () => parts.directory.unconfirmedMs() !== undefined);
      },
    });
    return { url: service.url, close: () => service.close().finally(closeParts) };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

interface Budgets {
  readonly guard: BudgetGuard;
  readonly exchange: BudgetExchange;
}

function budgetsOver(
  ledger: BudgetLedger,
  { directory }: Pick<GatewayParts, 'directory'>,
  metrics: GatewayMetrics,
  logger: Logger,
): Budgets {
  const gatewayId = new UlidSource(systemClock, systemRandom).next();
  const budgets = new TenantBudgets(systemClock, { gatewayId, onNeed: () => exchange.hurry() });
  const exchange = new BudgetExchange(budgets, ledger, {
    clock: systemClock,
    onOutage: (error) => logger.warn({ err: error }, 'budgets cannot be asked for more, what is held of them is spent'),
    onRecovery: () => logger.info('budgets can be asked again'),
  });
  const guard = new BudgetGuard(directory, budgets, systemClock, (why) => metrics.overBudget(why));
  return { guard, exchange };
}

function sharedRates(limits: TenantLimits, board: DemandBoard, logger: Logger): SharedRates {
  return new SharedRates(limits, board, {
    clock: systemClock,
    gatewayId: new UlidSource(systemClock, systemRandom).next(),
    onOutage: (error) => logger.warn({ err: error }, 'the other gateways cannot be told what tenants ask here'),
    onRecovery: () => logger.info('the other gateways can be told again what tenants ask here'),
  });
}
