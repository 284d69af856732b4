import type { SessionId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';
import type { HopResult, Patience } from '@leasehold/routing';
import { CircuitBreaker } from '@leasehold/routing';
import { Pool } from 'undici';

import { Admission } from './admission.js';
import { wasNeverSent } from './never-sent.js';
import type { WorkerAnswer } from './worker-answer.js';

export interface WorkerRequest extends Pick<Patience, 'timeoutMs' | 'blameSilence'> {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Told the size of the answer before it is read. When it throws, the attempt ends with that error. */
  readonly admitAnswer?: (sizeBytes: number) => void;
}

/** Also the requests at a time: none waits in a queue, where nobody could say whether it was sent. */
const CONNECTIONS = 1_024;
const CONNECT_TIMEOUT_MS = 1_000;
/** Below the 65 s after which the worker closes idle connections: a request never meets a closing one. */
const KEEP_ALIVE_MS = 10_000;
/** A page of a listing is at most 4 MiB of keys and values, six times as much when every byte is escaped. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

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
   * @throws ProblemError overloaded: nothing was sent, or `admitAnswer` has thrown
   */
  async ask(request: WorkerRequest, nowMs: () => number): Promise<WorkerAnswer | HopResult> {
    const leave = this.admission.enter();
    try {
      const answer = await this.send(request);
      this.breaker.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      if (request.blameSilence || !isTimeout(error)) this.breaker.failed(nowMs());
      return { kind: wasNeverSent(error) ? 'unreachable' : 'lost', from: this.session };
    } finally {
      leave();
    }
  }

  /** Lets requests under way finish; later ones are `unreachable`. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  /** Requests under way are lost at once. */
  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  private async send({ method, path, headers, body, timeoutMs, admitAnswer }: WorkerRequest): Promise<WorkerAnswer> {
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
    try {
      admitAnswer?.(Number(response.headers['content-length'] ?? MAX_ANSWER_BYTES));
    } catch (error) {
      void response.body.dump().catch(() => undefined);
      throw error;
    }
    const bytes = await response.body.arrayBuffer();
    return { status: response.statusCode, headers: response.headers, body: Buffer.from(bytes) };
  }
}

function isTimeout(error: unknown): boolean {
  return (error as { readonly name?: unknown } | undefined)?.name === 'TimeoutError';
}
