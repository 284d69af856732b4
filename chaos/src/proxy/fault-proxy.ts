import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { Clock, Random } from '@leasehold/foundation';

import type { ProxyRules, RequestFault, RequestFaultKind } from './proxy-faults.js';
import { drawFault } from './proxy-faults.js';

/** Above what any client waits for an answer (15 s). */
const UPSTREAM_TIMEOUT_MS = 30_000;
const UPSTREAM_SOCKETS = 512;
/** S3 takes no larger request of ours: one file is 8 MiB. */
const BODY_BYTES_LIMIT = 64 * 1024 * 1024;
/** How long every request takes on its way: a part of what S3 takes, so that something is under way whenever a fault strikes. */
export interface WayLatency {
  readonly minMs: number;
  readonly maxMs: number;
}

const NO_LATENCY: WayLatency = { minMs: 0, maxMs: 0 };

/** Requests that a partition swallowed and that may still land; further ones are dropped. */
const SWALLOWED_LIMIT = 1_000;

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

interface UpstreamAnswer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/**
 * Stands between one process and its bucket, or between clients and a gateway, on loopback, and hands everything on as it came (so that signatures hold), unless it is told
 * otherwise. What it does to each request is drawn from a seed.
 */
export class FaultProxy {
  private readonly server: Server;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: UPSTREAM_SOCKETS });
  private readonly sockets = new Set<Socket>();
  private readonly counted = new Map<RequestFaultKind | 'partition', number>();
  private rules: ProxyRules = {};
  private swallowed: Exchange[] | undefined;
  private requests = 0;
  private handling = 0;

  private constructor(
    private readonly upstream: URL,
    private readonly random: Random,
    private readonly clock: Clock,
    private readonly latency: WayLatency,
  ) {
    this.server = createServer({ keepAliveTimeout: 75_000 }, (message, response) => {
      response.on('error', () => undefined);
      this.handling++;
      this.handle(message, response)
        .catch(() => message.socket.destroy())
        .finally(() => this.handling--);
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async open(
    upstream: string,
    random: Random,
    clock: Clock,
    latency: WayLatency = NO_LATENCY,
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(upstream), random, clock, latency);
    await new Promise<void>((resolve, reject) => {
      proxy.server.once('error', reject);
      proxy.server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Of the requests that come from now on; none: hands everything on. */
  setRules(rules: ProxyRules = {}): void {
    this.rules = rules;
  }

  /** Requests on their way, there or back. */
  get underWay(): number {
    return this.handling;
  }

  /** From now on nothing comes through: no request is answered, and none refused. */
  beginPartition(): void {
    this.swallowed ??= [];
  }

  /** As when packets are delivered after all: half of what was sent meanwhile lands now, and nobody gets an answer. */
  endPartition(): void {
    const swallowed = this.swallowed ?? [];
    this.swallowed = undefined;
    for (const exchange of swallowed) {
      exchange.message.socket.destroy();
      if (this.random.fraction() < 0.5) void this.forward(exchange).catch(() => undefined);
    }
  }

  /** Requests by what was done to them. */
  counts(): Readonly<Record<string, number>> {
    return { requests: this.requests, ...Object.fromEntries(this.counted) };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.agent.destroy();
  }

  private async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = { message, response, body: await bodyOf(message) };
    this.requests++;
    const { minMs, maxMs } = this.latency;
    if (maxMs > 0) await this.clock.sleep(minMs + this.random.fraction() * (maxMs - minMs));
    if (this.swallowed !== undefined) {
      this.count('partition');
      if (this.swallowed.length < SWALLOWED_LIMIT) this.swallowed.push(exchange);
      return;
    }
    const fault = drawFault(this.rules, message.method ?? 'GET', this.random);
    if (fault.kind !== 'none') this.count(fault.kind);
    await this.pass(exchange, fault);
  }

  private async pass(exchange: Exchange, fault: RequestFault): Promise<void> {
    const { message, response } = exchange;
    switch (fault.kind) {
      case 'none':
        return this.answer(exchange, await this.forward(exchange));
      case 'delay':
        await this.clock.sleep(fault.delayMs);
        return this.answer(exchange, await this.forward(exchange));
      case 'reset-before':
        message.socket.destroy();
        return;
      case 'reset-after':
        await this.forward(exchange);
        message.socket.destroy();
        return;
      case 'late':
        message.socket.destroy();
        await this.clock.sleep(fault.delayMs);
        await this.forward(exchange);
        return;
      case 'hold':
        return;
      case 'slow-down':
        response.writeHead(503, { 'content-type': 'application/xml', 'retry-after': '1' });
        response.end('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>slow down</Message></Error>');
        return;
      case 'truncate': {
        const answer = await this.forward(exchange);
        response.writeHead(answer.status, passedHeaders(answer.rawHeaders));
        response.write(answer.body.subarray(0, Math.floor(answer.body.byteLength * fault.at)));
        // The part has to leave before the connection ends.
        setTimeout(() => message.socket.destroy(), 5);
        return;
      }
      case 'flip': {
        const answer = await this.forward(exchange);
        const at = Math.floor(answer.body.byteLength * 8 * fault.at);
        const byte = answer.body[at >> 3];
        if (byte !== undefined && answer.status < 300) answer.body[at >> 3] = byte ^ (1 << (at & 7));
        return this.answer(exchange, answer);
      }
    }
  }

  private answer({ response }: Exchange, { status, rawHeaders, body }: UpstreamAnswer): void {
    response.writeHead(status, passedHeaders(rawHeaders));
    response.end(body);
  }

  private forward({ message, body }: Exchange): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        host: this.upstream.hostname,
        port: this.upstream.port,
        method: message.method,
        path: message.url,
        // The host is signed: it stays that of the proxy.
        headers: passedHeaders(message.rawHeaders),
        agent: this.agent,
        timeout: UPSTREAM_TIMEOUT_MS,
        setHost: false,
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error('who should answer does not')));
      outgoing.once('error', reject);
      outgoing.once('response', (incoming) => {
        bodyOf(incoming).then(
          (received) =>
            resolve({ status: incoming.statusCode ?? 502, rawHeaders: incoming.rawHeaders, body: received }),
          reject,
        );
      });
      outgoing.end(body);
    });
  }

  private count(kind: RequestFaultKind | 'partition'): void {
    this.counted.set(kind, (this.counted.get(kind) ?? 0) + 1);
  }
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect']);

/** Headers of one hop belong to it; the rest goes on as it came, names in their spelling. */
function passedHeaders(rawHeaders: readonly string[]): string[] {
  const passed: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    if (!HOP_BY_HOP.has(name.toLowerCase())) passed.push(name, value);
  }
  return passed;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > BODY_BYTES_LIMIT) throw new Error('the body is too large for the proxy');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
