import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { ProblemError } from '@leasehold/protocol';

const POLL_MS = 20;
const RETRY_AFTER_MS = 1_000;

/** Counts requests under way, and refuses those that come on open connections after the service stopped accepting. */
export class Drain {
  private readonly inFlight = new Set<ServerResponse>();
  private isStopping = false;

  get stopping(): boolean {
    return this.isStopping;
  }

  /** @throws ProblemError service-draining: the caller goes elsewhere; nothing was done. */
  admit(request: IncomingMessage, response: ServerResponse): void {
    if (this.isStopping && !/^\/(?:healthz|readyz|metrics)(?:$|\?)/.test(request.url ?? '')) {
      throw new ProblemError('service-draining', 'this instance is shutting down', {
        retryAfterMs: RETRY_AFTER_MS,
        headers: { connection: 'close' },
      });
    }
    this.inFlight.add(response);
    response.once('close', () => this.inFlight.delete(response));
  }

  /** Stops listening, then resolves when nothing is in flight, or after `timeoutMs`; tells how many were left. */
  async stop(server: Server, timeoutMs: number): Promise<number> {
    this.isStopping = true;
    server.close();
    const deadline = performance.now() + timeoutMs;
    while (this.inFlight.size > 0 && performance.now() < deadline) {
      server.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return this.inFlight.size;
  }
}
