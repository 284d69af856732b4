import { systemClock } from '@leasehold/foundation';
import type { OpenWorkerParts, WorkerConfig } from '@leasehold/worker';
import { startWorker } from '@leasehold/worker';

interface Running {
  close(): Promise<void>;
}

export interface WorkerLog {
  warn(fields: object, message: string): void;
}

const RESTART_PAUSE_MS = 500;

/**
 * The worker of this process. In a fleet one whose session is lost ends its process, and somebody starts another; here it is started again as another
 * session, which happens when the process was stopped for longer than its ttl while others used the bucket.
 */
export class LocalWorker {
  private running: Running | undefined;
  private restarting: Promise<void> = Promise.resolve();
  private readonly closed = new AbortController();

  constructor(
    private readonly config: WorkerConfig,
    private readonly openParts: OpenWorkerParts,
    private readonly log: WorkerLog,
  ) {}

  /** @throws ProbeFailedError, StoreUnavailableError, what the service kit throws; nothing runs then */
  async start(): Promise<void> {
    const onLost = (reason: unknown): void => {
      this.log.warn({ err: reason }, 'the session was lost, the worker starts again');
      this.restarting = this.restarting.then(() => this.restart());
    };
    this.running = await startWorker(this.config, onLost, this.openParts);
  }

  async close(): Promise<void> {
    this.closed.abort(new Error('the service is closed'));
    await this.restarting;
    await this.running?.close();
  }

  private async restart(): Promise<void> {
    const lost = this.running;
    this.running = undefined;
    await lost?.close().catch(() => undefined);
    // As long as the service is there: without a worker it can do nothing.
    while (!this.closed.signal.aborted && this.running === undefined) {
      await this.start().catch(async (error: unknown) => {
        this.log.warn({ err: error }, 'the worker does not start');
        await systemClock.sleep(RESTART_PAUSE_MS, this.closed.signal).catch(() => undefined);
      });
    }
  }
}
