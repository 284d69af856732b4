import type { S3Client } from '@aws-sdk/client-s3';
import { Pool } from 'undici';

import { CallGate } from './call-gate.js';
import { Exchange } from './exchange.js';
import type { S3Answer } from './exchange.js';
import { s3AddressOf } from './s3-address.js';
import type { S3Address } from './s3-address.js';
import { errorCodeOf } from './s3-answers.js';
import { S3CredentialCache } from './s3-credentials.js';
import { CONNECTION_TIMEOUT_MS, MAX_SOCKETS, REQUEST_TIMEOUT_MS } from './s3-settings.js';
import type { S3Settings } from './s3-settings.js';
import { payloadHash, signed } from './s3-signature.js';
import type { ObjectRequest } from './s3-signature.js';

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Goes before the others, and to connections that are kept for such calls. */
  readonly urgent: boolean;
  readonly bodyLimitBytes: number;
}

/** Connections that only urgent calls may use: a worker renews its own session and reads those of a few others at a time. */
export const URGENT_SOCKETS = 8;
/** Below what S3 and the proxies before it close at (5 s is the shortest that is common): an idle connection is closed by us, not under a request. */
const KEEP_ALIVE_MS = 4_000;
/** Where a server tells with each answer how long it waits (less a second), it is believed up to this. */
const MAX_KEEP_ALIVE_MS = 30_000;

/** Signed requests for single objects of one bucket, one attempt each, and their whole answers of any status. */
export class S3Connections {
  private readonly timeoutMs: number;
  private readonly maxSockets: number;
  private readonly gate: CallGate;
  private readonly credentials: S3CredentialCache;
  private readonly exchanges = new Set<Exchange>();
  private place: Promise<{ readonly address: S3Address; readonly pool: Pool }> | undefined;
  private closed = false;
  /** The server's clock less ours, when the server has complained. */
  private clockOffsetMs = 0;

  constructor(
    client: S3Client,
    private readonly settings: S3Settings,
  ) {
    this.timeoutMs = settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.maxSockets = settings.maxSockets ?? MAX_SOCKETS;
    this.gate = new CallGate(this.maxSockets, URGENT_SOCKETS);
    this.credentials = new S3CredentialCache(() => client.config.credentials());
  }

  /** @throws whatever kept the answer from arriving whole and in time; the request may have been applied all the same */
  async send(request: ObjectRequest, options: SendOptions): Promise<S3Answer> {
    if (this.closed) throw new Error('the store is closed');
    const { signal, bodyLimitBytes } = options;
    const exchange = new Exchange({ timeoutMs: this.timeoutMs, signal, bodyLimitBytes });
    this.exchanges.add(exchange);
    exchange.onSettled = () => this.exchanges.delete(exchange);
    this.begin(request, exchange, options.urgent).catch((error: unknown) => exchange.fail(error));
    const answer = await exchange.answer;
    if (answer.status === 403) this.learnTime(answer);
    return answer;
  }

  /** Fails what is on its way, and ends all connections. */
  close(): void {
    this.closed = true;
    for (const exchange of this.exchanges) exchange.fail(new Error('the store was closed'));
    this.place?.then(({ pool }) => pool.destroy()).catch(() => undefined);
  }

  private async begin(request: ObjectRequest, exchange: Exchange, urgent: boolean): Promise<void> {
    this.place ??= this.connect();
    const { address, pool } = await this.place;
    const credentials = await this.credentials.current();
    const hash = await payloadHash(request.body);
    if (exchange.settled) return;
    const go = (): void => {
      try {
        const at = { address, credentials, nowMs: Date.now() + this.clockOffsetMs };
        const { method, body } = request;
        pool.dispatch({ ...signed(request, hash, at), method, body: body?.byteLength === 0 ? null : body }, exchange);
      } catch (error) {
        exchange.onResponseError(undefined, error as Error);
      }
    };
    exchange.onEnded = () => this.gate.leave();
    exchange.onSettled = () => {
      this.exchanges.delete(exchange);
      this.gate.withdraw(go);
    };
    this.gate.enter(go, urgent);
  }

  private async connect(): Promise<{ address: S3Address; pool: Pool }> {
    try {
      const address = await s3AddressOf(this.settings);
      const pool = new Pool(address.origin, {
        connections: this.maxSockets + URGENT_SOCKETS,
        // A second request on a connection would share the fate of the first.
        pipelining: 1,
        connect: { timeout: Math.min(CONNECTION_TIMEOUT_MS, this.timeoutMs) },
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
        // The exchange's own timer covers head and body together; these would only measure parts of it, and to the half second.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      if (this.closed) void pool.destroy();
      return { address, pool };
    } catch (error) {
      this.place = undefined;
      throw error;
    }
  }

  /** As the SDK does: a machine whose clock is wrong is told so by S3, and signs by the server's clock from then on. */
  private learnTime(answer: S3Answer): void {
    const serverMs = Date.parse(String(answer.headers['date']));
    if (errorCodeOf(answer) === 'RequestTimeTooSkewed' && !Number.isNaN(serverMs))
      this.clockOffsetMs = serverMs - Date.now();
  }
}
