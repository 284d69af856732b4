import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { ProblemError } from '@leasehold/protocol';

const POLL_MS = 20;
const RETRY_AFTER_MS = 1_000;

/** Counts requests under way, and refuses those that come on open connections after the service stopped accepting. */
export class Drain {
  private inFlight = 0;
  private isStopping = false;

  get stopping(): boolean {
    return this.isStopping;
  }

  /** @throws ProblemError service-draining: the caller goes elsewhere; nothing was done. */
  admit(request: IncomingMessage, response: ServerResponse): void {
    if (this.isStopping && !isOwnRoute(request)) throw draining({ connection: 'close' });
    this.inFlight++;
    response.once('close', () => this.inFlight--);
  }

  /** The same for a request that has no response of its own; gives back how to leave. @throws ProblemError service-draining */
  enter(): () => void {
    if (this.isStopping) throw draining({});
    this.inFlight++;
    let left = false;
    return () => {
      if (!left) this.inFlight--;
      left = true;
    };
  }

  /** As {@link enter}, for one that tells of its end by {@link leave}, once. */
  enterSilently(): void {
    if (this.isStopping) throw draining({});
    this.inFlight++;
  }

  leave(): void {
    this.inFlight--;
  }

  /**
   * Refuses what comes from now on, stops listening, then resolves when nothing is in flight, or after `timeoutMs`; tells how many were left.
   *
   * With `lingerMs` it goes on refusing for so long at most, until the last client has closed its connections. Closing an idle one cuts off
   * whatever is on its way to it at that moment, and its sender cannot know that nothing was done.
   */
  async stop(server: Server, timeoutMs: number, lingerMs = 0): Promise<number> {
    this.isStopping = true;
    const begunMs = performance.now();
    const lingersUntilMs = begunMs + Math.min(lingerMs, timeoutMs);
    while (performance.now() < lingersUntilMs && (await connectionsOf(server)) > 0) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    server.close();
    const deadline = begunMs + timeoutMs;
    while (this.inFlight > 0 && performance.now() < deadline) {
      server.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return this.inFlight;
  }
}

function draining(headers: Readonly<Record<string, string>>): ProblemError {
  return new ProblemError('service-draining', 'this instance is shutting down', {
    retryAfterMs: RETRY_AFTER_MS,
    headers,
  });
}

/** What every service answers about itself, whatever it serves. */
export function isOwnRoute(request: IncomingMessage): boolean {
  return /^\/(?:healthz|readyz|metrics)(?:$|\?)/.test(request.url ?? '');
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)));
}
