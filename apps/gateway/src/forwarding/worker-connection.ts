import type { SessionId } from '@leasehold/foundation';
import type { HopResult } from '@leasehold/routing';
import { CircuitBreaker } from '@leasehold/routing';
import { Pool } from 'undici';

import { Admission } from './admission.js';
import type { WorkerAnswer } from './worker-answer.js';

export interface WorkerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly timeoutMs: number;
}

/** Also the requests at a time: none waits in a queue, where nobody could say whether it was sent. */
const CONNECTIONS = 1_024;
const CONNECT_TIMEOUT_MS = 1_000;
/** Below the 65 s after which the worker closes idle connections: a request never meets a closing one. */
const KEEP_ALIVE_MS = 10_000;
/** A page of a listing is at most 4 MiB of keys and values, six times as much when every byte is escaped. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Errors before any connection was there: the worker cannot have received anything. */
const UNREACHABLE_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
]);

/** Connections to one session of a worker, and what is known of its reachability. */
export class WorkerConnection {
  readonly breaker = new CircuitBreaker();
  private readonly admission = new Admission(CONNECTIONS);
  private readonly pool: Pool;

  constructor(
    private readonly session: SessionId,
    endpoint: string,
  ) {
    this.pool = new Pool(new URL(endpoint).origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  /**
   * One attempt. An answer, whatever it says, or how none came.
   * @throws ProblemError overloaded: nothing was sent
   */
  async ask(request: WorkerRequest, nowMs: () => number): Promise<WorkerAnswer | HopResult> {
    const leave = this.admission.enter();
    try {
      const answer = await this.send(request);
      this.breaker.succeeded();
      return answer;
    } catch (error) {
      this.breaker.failed(nowMs());
      return { kind: isUnreachable(error) ? 'unreachable' : 'lost', from: this.session };
    } finally {
      leave();
    }
  }

  /** Lets requests under way finish; later ones are `unreachable`. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  private async send({ method, path, headers, body, timeoutMs }: WorkerRequest): Promise<WorkerAnswer> {
    const response = await this.pool.request({
      method: method as 'GET',
      path,
      headers,
      body: body ?? null,
      // The signal is exact and covers all of it; undici's own timers would only interfere.
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const bytes = await response.body.arrayBuffer();
    return { status: response.statusCode, headers: response.headers, body: Buffer.from(bytes) };
  }
}

function isUnreachable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  // A name with several addresses fails with all their errors at once.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnreachable);
  return typeof code === 'string' && UNREACHABLE_CODES.has(code);
}
