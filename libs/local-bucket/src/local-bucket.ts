import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { seededRandom, systemClock, systemRandom, toHex } from '@leasehold/foundation';
import type { Clock, Random } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import { RequestCounter, renderMetrics } from './counts.js';
import type { BucketCounts, S3Operation } from './counts.js';
import { ForeignClients } from './foreign/foreign-clients.js';
import { FaultPlan } from './faults.js';
import type { BucketFaults, DrawnFault } from './faults.js';
import { drawLatencyMs, transferMs } from './latency.js';
import type { LatencyChoice } from './latency.js';
import { readBody } from './request-body.js';
import type { S3Answer } from './s3-answer.js';
import { S3Error } from './s3-error.js';
import { classify, execute } from './s3-operation.js';
import type { Backing } from './s3-operation.js';
import { parseS3Request } from './s3-request.js';
import type { S3Request } from './s3-request.js';
import { verifySignature } from './signature.js';

export interface BucketLatency {
  readonly profile: LatencyChoice;
  readonly seed: number;
}

export interface LocalBucketSettings {
  readonly store: ObjectStore;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly faults?: BucketFaults;
  readonly latency?: BucketLatency;
  /** Also serves what clients other than ours ask for; its state lies in memory. */
  readonly foreignClients?: boolean;
  readonly clock?: Clock;
  /** Told of every request that failed inside, with what it was; never with its key. */
  readonly onError?: (error: unknown, operation: S3Operation | undefined) => void;
}

export interface LocalBucket {
  readonly url: string;
  readonly port: number;
  counts(): BucketCounts;
  /** Undefined ends the faults; abandoned puts still land. */
  setFaults(faults: BucketFaults | undefined): void;
  /** Of the requests that come from now on; undefined: none. */
  setLatency(latency: BucketLatency | undefined): void;
  /** Answers what has been received, for at most {@link DRAIN_TIMEOUT_MS}; abandoned puts are dropped. Leaves the store open. */
  close(): Promise<void>;
}

export const DRAIN_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than clients keep idle connections, so that it is mostly they who close: a request never meets a closing connection. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const MAX_CONNECTIONS = 2048;
const MAX_HEADER_BYTES = 32 * 1024;
const BODIES: ReadonlySet<S3Operation> = new Set([
  'PutObject',
  'UploadPart',
  'CompleteMultipartUpload',
  'DeleteObjects',
]);

/** Serves a store over HTTP as S3 does, strictly: what it does not do, it refuses. See the README of this folder. */
export async function startLocalBucket(settings: LocalBucketSettings): Promise<LocalBucket> {
  const server = new BucketServer(settings);
  await server.listen();
  return server;
}

class BucketServer implements LocalBucket {
  private readonly server: Server;
  private readonly counter = new RequestCounter();
  private readonly clock: Clock;
  private latency: { readonly profile: LatencyChoice; readonly random: Random } | undefined;
  private readonly backing: Backing;
  private readonly abandoned = new AbortController();
  private plan: FaultPlan | undefined;
  private draining = false;
  /** Stays known after the close. */
  port = 0;

  constructor(private readonly settings: LocalBucketSettings) {
    this.clock = settings.clock ?? systemClock;
    this.setLatency(settings.latency);
    const { store, bucket } = settings;
    this.backing = {
      store,
      bucket,
      foreign: settings.foreignClients ? new ForeignClients(store, systemRandom) : undefined,
    };
    this.setFaults(settings.faults);
    this.server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (message, response) => void this.handle(message, response),
    );
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  get url(): string {
    const { host } = this.settings;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.settings.port, this.settings.host, resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
  }

  counts(): BucketCounts {
    return this.counter.snapshot();
  }

  setFaults(faults: BucketFaults | undefined): void {
    this.plan = faults && new FaultPlan(faults);
  }

  setLatency(latency: BucketLatency | undefined): void {
    this.latency = latency && { profile: latency.profile, random: seededRandom(latency.seed) };
  }

  async close(): Promise<void> {
    if (this.draining) return;
    this.draining = true;
    this.abandoned.abort();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const timer = setTimeout(() => this.server.closeAllConnections(), DRAIN_TIMEOUT_MS);
    this.server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  }

  private async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    // Without a listener a client that goes away would end the process.
    response.on('error', () => undefined);
    if (this.answerOwnRoutes(message, response)) return;
    const requestId = toHex(systemRandom.bytes(8));
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('server', 'leasehold-local-bucket');
    let counted: { operation: S3Operation; receivedBytes: number } | undefined;
    let request: S3Request | undefined;
    let status: number;
    let sentBytes: number;
    try {
      request = parseS3Request(message);
      const payloadHash = verifySignature(request, this.settings, this.clock.now());
      const operation = classify(request, this.backing.foreign !== undefined);
      counted = { operation, receivedBytes: 0 };
      const body = BODIES.has(operation) ? await readBody(message, request, payloadHash) : await discardBody(message);
      counted.receivedBytes = body.byteLength;
      const answer = await this.execute(operation, request, body);
      this.endConnectionWhenDraining(response);
      status = answer === 'reset' ? 500 : answer.status;
      sentBytes = answer === 'reset' ? 0 : send(response, answer);
      if (answer === 'reset') message.socket.destroy();
    } catch (error) {
      this.endConnectionWhenDraining(response);
      const failure = error instanceof S3Error ? error : new S3Error('InternalError');
      if (!(error instanceof S3Error)) this.settings.onError?.(error, counted?.operation);
      status = failure.status;
      sentBytes = sendError(message, response, failure, requestId);
    }
    if (counted) this.counter.count(counted.operation, status, counted.receivedBytes, sentBytes);
  }

  /** Asked only now: the drain may have begun since the request arrived, and a kept connection would hold it up. */
  private endConnectionWhenDraining(response: ServerResponse): void {
    if (this.draining && !response.headersSent) response.setHeader('connection', 'close');
  }

  /** The request itself, with the latency and the faults that were asked for around it. */
  private async execute(operation: S3Operation, request: S3Request, body: Uint8Array): Promise<S3Answer | 'reset'> {
    const fault: DrawnFault = this.plan?.draw(operation) ?? { kind: 'none' };
    const apply = (): Promise<S3Answer> => execute(this.backing, operation, request, body);
    const latencyMs = this.drawLatencyMs(operation, body.byteLength);
    // Takes effect in the middle: neither the sending nor the receiving of the answer tells a client when.
    await this.pause(latencyMs / 2);
    switch (fault.kind) {
      case 'before':
        return lostAnswer(fault.answer);
      case 'after':
        await apply().catch(() => undefined);
        return lostAnswer(fault.answer);
      case 'late':
        this.landLater(apply, fault.delayMs);
        return 'reset';
      case 'conflict':
        throw new S3Error('ConditionalRequestConflict');
      case 'none': {
        const answer = await apply();
        await this.pause(latencyMs / 2 + this.transferMs(answer));
        return answer;
      }
    }
  }

  private landLater(apply: () => Promise<unknown>, delayMs: number): void {
    // A refusal is an answer that nobody waits for.
    void this.clock
      .sleep(delayMs, this.abandoned.signal)
      .then(apply)
      .catch(() => undefined);
  }

  private drawLatencyMs(operation: S3Operation, bodyBytes: number): number {
    const { latency } = this;
    return latency ? drawLatencyMs(latency.profile, operation, bodyBytes, latency.random) : 0;
  }

  private transferMs({ body }: S3Answer): number {
    const { latency } = this;
    return latency && body !== undefined ? transferMs(latency.profile, body.length) : 0;
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await this.clock.sleep(ms);
  }

  /** Names that no bucket can have (a bucket's begin with a letter or digit), or that are ours to take. */
  private answerOwnRoutes(message: IncomingMessage, response: ServerResponse): boolean {
    if (message.method !== 'GET') return false;
    switch (message.url) {
      case '/healthz':
        sendJson(response, 200, { status: 'ok' });
        return true;
      case '/readyz':
        sendJson(response, this.draining ? 503 : 200, { status: this.draining ? 'draining' : 'ok' });
        return true;
      case '/_leasehold/counts':
        sendJson(response, 200, this.counts());
        return true;
      case '/metrics':
        response.setHeader('content-type', 'text/plain; version=0.0.4');
        response.end(renderMetrics(this.counts()));
        return true;
      default:
        return false;
    }
  }
}

function lostAnswer(answer: 'reset' | 'InternalError' | 'SlowDown'): 'reset' {
  if (answer === 'reset') return 'reset';
  throw new S3Error(answer);
}

async function discardBody(message: IncomingMessage): Promise<Uint8Array> {
  message.resume();
  return new Uint8Array(0);
}

function send(response: ServerResponse, { status, headers, body }: S3Answer): number {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(
    status,
    bytes && headers['content-length'] === undefined ? { ...headers, 'content-length': bytes.byteLength } : headers,
  );
  response.end(bytes);
  return bytes?.byteLength ?? 0;
}

function sendError(message: IncomingMessage, response: ServerResponse, failure: S3Error, requestId: string): number {
  if (response.headersSent || message.socket.destroyed) {
    message.socket.destroy();
    return 0;
  }
  // What is left of an unread body would be taken for the next request.
  if (!message.complete) response.setHeader('connection', 'close');
  message.resume();
  const path = (message.url ?? '').split('?')[0] as string;
  const body = message.method === 'HEAD' ? '' : failure.toXml(path, requestId);
  return send(response, {
    status: failure.status,
    headers: { ...failure.headers, 'content-type': 'application/xml' },
    body,
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
