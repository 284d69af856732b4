import { LIMITS } from '@leasehold/protocol';
import { createLogger, Health, loadConfig, METRICS, runMain, runService } from '@leasehold/service-kit';
import type { Registry } from 'prom-client';

import { workerConfig } from './config.js';
import { WorkerMetrics } from './worker-metrics.js';
import { WorkerModule } from './worker.module.js';
import { WorkerSession } from './worker-session.js';

runMain(async () => {
  const config = loadConfig(workerConfig);
  const logger = createLogger('worker', config.LOG_LEVEL);
  const metrics = new WorkerMetrics(logger);
  const session = new WorkerSession(config, metrics, logger, (reason) => {
    // Nothing of this process may be trusted any more, and nothing that was acknowledged can be lost by leaving.
    logger.error({ err: reason }, 'session lost, the process ends');
    process.exit(1);
  });
  const service = await runService({
    name: 'worker',
    module: WorkerModule.with(config, session),
    config,
    logger,
    rawBodies: true,
    bodyLimitBytes: LIMITS.valueBytes + 1,
    configure: (app) => {
      metrics.register(app.get<Registry>(METRICS));
      app.get(Health).addReadinessCheck('session', () => session.ready);
    },
    afterListen: (_app, url) => session.start(url),
    beforeDrain: () => session.drain(),
  });
  return {
    url: service.url,
    close: async () => {
      await service.close();
      await session.close();
    },
  };
});
