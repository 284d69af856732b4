import type { SessionId } from '@leasehold/foundation';
import { FRAMES_HEADER, FRAMES_PROTOCOL, HOP_HEADERS, ProblemError } from '@leasehold/protocol';
import type { HopResult } from '@leasehold/routing';
import { CircuitBreaker } from '@leasehold/routing';
import { Pool } from 'undici';

import { Admission } from './admission.js';
import { FramedChannel } from './framed-channel.js';
import { wasNeverSent } from './never-sent.js';
import type { WorkerAnswer } from './worker-answer.js';
import type { WorkerRequest } from './worker-request.js';

/** Also the requests at a time: none waits in a queue, where nobody could say whether it was sent. */
const CONNECTIONS = 1_024;
/** Reads that wait at the worker: above all feeds of a gateway, so that each of them has its place whoever owns the databases. */
const WAITING_CONNECTIONS = 2_048;
const CONNECT_TIMEOUT_MS = 1_000;
/** Below the 65 s after which the worker closes idle connections: a request never meets a closing one. */
const KEEP_ALIVE_MS = 10_000;
/** After a worker that offers frames has not taken them: the next offers are passed over for so long. */
const FRAMES_RETRY_MS = 5_000;
/** A page of a listing is at most 4 MiB of keys and values, six times as much when every byte is escaped. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Connections to one session of a worker, and what is known of its reachability.
 *
 * A process that was started anew listens where the one before it did, whose session still lives for the rest of its ttl. What is meant for that one
 * must not be served by the other: it would be lost with these connections, once the session has ended. So each says whom it means.
 *
 * Requests of one key share a connection once the worker has said that it takes frames, which its first answer does; all others, and
 * these until then, go over HTTP.
 */
export class WorkerConnection {
  readonly breaker = new CircuitBreaker();
  private readonly prompt: Lane;
  private readonly waiting: Lane;
  private readonly origin: string;
  private channel: FramedChannel | undefined;
  /** Replaced, with requests still under way. */
  private readonly retired = new Set<FramedChannel>();
  private opening: Promise<void> | undefined;
  private mayOpenAtMs = 0;
  private closed = false;

  /** @param secret of the installation; without, nothing goes over a shared connection */
  constructor(
    readonly session: SessionId,
    endpoint: string,
    private readonly secret?: string,
  ) {
    this.origin = new URL(endpoint).origin;
    this.prompt = openLane(this.origin, CONNECTIONS);
    this.waiting = openLane(this.origin, WAITING_CONNECTIONS);
  }

  /**
   * One attempt. An answer, whatever it says, or how none came.
   * @throws ProblemError overloaded: nothing was sent, or `admitAnswer` has thrown
   */
  async ask(request: WorkerRequest, nowMs: () => number): Promise<WorkerAnswer | HopResult> {
    const lane = request.gone === undefined ? this.prompt : this.waiting;
    const leave = lane.admission.enter();
    try {
      const channel = request.frameable === true && this.channel?.hasRoom === true ? this.channel : undefined;
      const answer = await (channel?.ask(request) ?? this.send(lane, request));
      if (answer.headers[FRAMES_HEADER] === FRAMES_PROTOCOL) this.openChannel(nowMs());
      this.breaker.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      if (request.gone?.aborted) return { kind: 'lost', from: this.session };
      return this.failed(error, request.blameSilence, nowMs());
    } finally {
      leave();
    }
  }

  /** Whether {@link enterChannel} would most likely succeed. */
  get isChannelOpen(): boolean {
    return this.breaker.isClosed && this.channel?.hasRoom === true;
  }

  /**
   * Takes a place on the connection that requests share, where everything is as it should be; undefined where it is not, and nothing was taken.
   * Whoever has it asks once, tells of the end by {@link leave}, and of how it was by {@link answered} or {@link failed}.
   */
  enterChannel(): FramedChannel | undefined {
    const { channel } = this;
    if (!this.breaker.isClosed || channel?.hasRoom !== true) return undefined;
    return this.prompt.admission.take() ? channel : undefined;
  }

  leave(): void {
    this.prompt.admission.giveBack();
  }

  answered(): void {
    this.breaker.succeeded();
  }

  /** What it means for a request that its attempt has ended like this. */
  failed(error: unknown, blameSilence: boolean, nowMs: number): HopResult {
    if (blameSilence || !isTimeout(error)) this.breaker.failed(nowMs);
    return { kind: wasNeverSent(error) ? 'unreachable' : 'lost', from: this.session };
  }

  /** Lets requests under way finish; later ones are `unreachable`. */
  async close(): Promise<void> {
    this.closed = true;
    this.channel?.retire();
    await Promise.all([this.prompt.pool.close(), this.waiting.pool.close()]);
  }

  /** Requests under way are lost at once. */
  async destroy(): Promise<void> {
    this.closed = true;
    for (const channel of [this.channel, ...this.retired]) channel?.destroy();
    await Promise.all([this.prompt.pool.destroy(), this.waiting.pool.destroy()]);
  }

  /** Behind the requests, which go over HTTP meanwhile. */
  private openChannel(nowMs: number): void {
    const { origin, secret } = this;
    if (secret === undefined || this.channel?.isOpen || this.opening || nowMs < this.mayOpenAtMs) return;
    // TLS has certificates of its own, and nobody has asked for two layers of it.
    if (!origin.startsWith('http:')) return;
    this.opening = FramedChannel.open(origin, secret, this.session).then(
      (channel) => {
        this.opening = undefined;
        if (this.closed) channel.destroy();
        else this.replaceChannel(channel);
      },
      () => {
        this.opening = undefined;
        this.mayOpenAtMs = nowMs + FRAMES_RETRY_MS;
      },
    );
  }

  private replaceChannel(channel: FramedChannel): void {
    const { channel: replaced, retired } = this;
    this.channel = channel;
    if (replaced === undefined) return;
    retired.add(replaced);
    void replaced.ended.then(() => retired.delete(replaced));
    replaced.retire();
  }

  private async send({ pool }: Lane, request: WorkerRequest): Promise<WorkerAnswer> {
    const timeoutMs = Math.max(1, Math.ceil(request.timeoutMs));
    const { gone } = request;
    if (gone === undefined) return this.sendUnder(AbortSignal.timeout(timeoutMs), pool, request);
    // Not AbortSignal.any: `gone` outlives thousands of requests and would remember all of them.
    const either = new AbortController();
    const onGone = (): void => either.abort(gone.reason);
    const timer = setTimeout(() => either.abort(new DOMException('no answer in time', 'TimeoutError')), timeoutMs);
    gone.addEventListener('abort', onGone, { once: true });
    if (gone.aborted) onGone();
    try {
      return await this.sendUnder(either.signal, pool, request);
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', onGone);
    }
  }

  private async sendUnder(
    signal: AbortSignal,
    pool: Pool,
    { method, path, headers, body, sign, admitAnswer }: WorkerRequest,
  ): Promise<WorkerAnswer> {
    const meant = { ...headers, [HOP_HEADERS.session]: this.session };
    const response = await pool.request({
      method: method as 'GET',
      path,
      headers: sign === undefined ? meant : { ...meant, [HOP_HEADERS.hop]: sign() },
      body: body ?? null,
      // The signal is exact and covers all of it; undici's own timers would only interfere.
      signal,
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

interface Lane {
  readonly admission: Admission;
  readonly pool: Pool;
}

function openLane(origin: string, connections: number): Lane {
  return {
    admission: new Admission(connections),
    pool: new Pool(origin, {
      connections,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
    }),
  };
}

function isTimeout(error: unknown): boolean {
  return (error as { readonly name?: unknown } | undefined)?.name === 'TimeoutError';
}
