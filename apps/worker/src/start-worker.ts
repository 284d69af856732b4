import { WATCH_INTERVAL_MS } from '@leasehold/lease';
import { LIMITS, TRANSACTION_FRAME_BYTES } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';
import { createLogger, Health, METRICS, runService } from '@leasehold/service-kit';
import type { Registry } from 'prom-client';

import type { WorkerConfig } from './config.js';
import { timeWorker } from './timing/worker-timing.js';
import { WorkerMetrics } from './worker-metrics.js';
import { WorkerModule } from './worker-module.js';
import type { OpenBucket } from './worker-session.js';
import { WorkerSession } from './worker-session.js';

/**
 * Gateways look at the session records once a second, and leave a session that is clean; with time for two looks none is cut off in the
 * middle of a write, whose outcome would be unknown.
 */
const LINGER_MS = 2 * WATCH_INTERVAL_MS + 500;

const DATABASE_ROUTE = '/internal/v1/databases/:databaseId';

/**
 * Starts a worker; resolves when it serves. Refuses to run on a bucket that fails the probe.
 *
 * @param onLost told when another process has sealed the session. Nothing of this worker may be trusted any more then, and
 *   nothing that was acknowledged can be lost by leaving at once.
 * @throws ProbeFailedError, and what the service kit throws. Nothing keeps running then.
 */
export async function startWorker(
  config: WorkerConfig,
  onLost: (reason: unknown) => void,
  openBucket?: OpenBucket,
): Promise<RunningService> {
  const logger = createLogger('worker', config.LOG_LEVEL);
  const metrics = new WorkerMetrics(logger);
  const session = new WorkerSession(config, metrics, logger, onLost, openBucket);
  try {
    const service = await runService({
      name: 'worker',
      module: WorkerModule.with(config, session),
      config,
      logger,
      rawBodies: true,
      bodyLimitBytes: LIMITS.valueBytes,
      bodyTooLargeCode: 'value-too-large',
      routeBodyLimits: {
        [`${DATABASE_ROUTE}/transactions`]: {
          limitBytes: TRANSACTION_FRAME_BYTES,
          tooLargeCode: 'transaction-too-large',
        },
        [`${DATABASE_ROUTE}/reads`]: { limitBytes: LIMITS.snapshotBodyBytes, tooLargeCode: 'body-too-large' },
      },
      configure: (app) => {
        metrics.register(app.get<Registry>(METRICS));
        timeWorker(app.getHttpAdapter().getInstance(), app.get<Registry>(METRICS));
        app.get(Health).addReadinessCheck('session', () => session.ready);
      },
      afterListen: (_app, url) => session.start(url),
      beforeDrain: () => session.drain(),
      lingerMs: LINGER_MS,
    });
    return { url: service.url, close: () => service.close().finally(() => session.close()) };
  } catch (error) {
    await session.close();
    throw error;
  }
}
