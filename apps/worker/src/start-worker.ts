import { systemClock } from '@leasehold/foundation';
import { WATCH_INTERVAL_MS } from '@leasehold/lease';
import { FRAMES_HEADER, FRAMES_PROTOCOL, LIMITS, TRANSACTION_FRAME_BYTES } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';
import {
  answerOnSocket,
  collectInShortPauses,
  createLogger,
  Health,
  METRICS,
  runService,
} from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

import type { WorkerConfig } from './config.js';
import { anotherSession } from './databases/hop-guard.js';
import { ReadsController } from './databases/reads-controller.js';
import { WritesController } from './databases/writes-controller.js';
import { FrameServer } from './frames/frame-server.js';
import { KeyFrames } from './frames/key-frames.js';
import { PlainReads } from './frames/plain-reads.js';
import { PlainWrites } from './frames/plain-writes.js';
import { timeWorker } from './timing/worker-timing.js';
import { WorkerMetrics } from './worker-metrics.js';
import { WorkerModule } from './worker-module.js';
import type { OpenWorkerParts } from './worker-parts.js';
import { WorkerSession } from './worker-session.js';

/**
 * Gateways look at the session records once a second, and leave a session that is clean; with time for two looks none is cut off in the
 * middle of a write, whose outcome would be unknown.
 */
const LINGER_MS = 2 * WATCH_INTERVAL_MS + 500;

const DATABASE_ROUTE = '/internal/v1/databases/:databaseId';

/** Beside HTTP, on the same port. Whoever asks over HTTP is told that there is a shorter way. */
function serveFrames(instance: FastifyInstance, worker: Pick<WorkerSession, 'isMeantBy'>, server: FrameServer): void {
  instance.server.on('upgrade', (request, socket) => {
    if (worker.isMeantBy(request.headers)) return void server.accept(request, socket);
    socket.on('error', () => socket.destroy());
    answerOnSocket(anotherSession(), socket);
  });
  instance.addHook('onSend', (_request, reply, _payload, done) => {
    void reply.header(FRAMES_HEADER, FRAMES_PROTOCOL);
    done();
  });
  instance.addHook('preClose', (done) => {
    server.close();
    done();
  });
}

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
  openParts: OpenWorkerParts,
): Promise<RunningService> {
  collectInShortPauses();
  const logger = createLogger('worker', config.LOG_LEVEL);
  const metrics = new WorkerMetrics(logger);
  const session = new WorkerSession(config, metrics, logger, onLost, openParts);
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
      configure: (app, accounts) => {
        const instance: FastifyInstance = app.getHttpAdapter().getInstance();
        metrics.register(app.get<Registry>(METRICS));
        const times = timeWorker(instance, app.get<Registry>(METRICS));
        const controllers = { reads: app.get(ReadsController), writes: app.get(WritesController) };
        const plain = { worker: session, times, accounts, logger, clock: systemClock };
        const ways = {
          reads: new PlainReads(plain),
          writes: new PlainWrites({ ...plain, ownerWaitMs: config.OWNER_WAIT_MS }),
          routes: new KeyFrames({ ...controllers, times, accounts, logger }),
        };
        serveFrames(instance, session, new FrameServer(ways, config.LEASEHOLD_INTERNAL_SECRET));
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
