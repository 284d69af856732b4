import { Buffer } from 'node:buffer';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { FakeStore, Refusal } from './fake-store.js';

/** What happens to a request, decided when it arrives: dropped before or after it was applied, late, or served. */
export type Fate =
  | 'serve'
  | 'drop-request'
  | 'drop-reply'
  | { readonly status: number; readonly body?: string }
  | { readonly lateMs: number };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const HEARTBEAT = ':\n\n';

/** A gateway with one database in memory, over real HTTP: the part of its API that the client uses, with the same meaning. */
export class FakeGateway {
  readonly store = new FakeStore();
  readonly seen: SeenRequest[] = [];
  fate: (request: SeenRequest) => Fate = () => 'serve';
  token = 'lh_test';
  /** Told to readers of feeds. */
  retryMs = 1;
  private readonly feeds = new Set<ServerResponse>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeGateway> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const gateway = new FakeGateway(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => void gateway.serve(request, response));
    return gateway;
  }

  get openFeeds(): number {
    return this.feeds.size;
  }

  /** As when the token of a feed ends. */
  refuseFeeds(code: string, status: number): void {
    const last = `retry: ${this.retryMs}\nevent: error\ndata: ${JSON.stringify({ code, status })}\n\n`;
    for (const feed of this.feeds) feed.end(last);
  }

  /** As a gateway that dies would. */
  cutFeeds(): void {
    for (const feed of this.feeds) feed.destroy();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { method = '', url = '', headers } = request;
    const seen = { method, path: url.replace(/^\/v1(\/db\/[^/]*)?/, ''), headers, body: body.toString('latin1') };
    this.seen.push(seen);
    const fate = this.fate(seen);
    if (fate === 'drop-request') return void request.socket.destroy();
    if (typeof fate === 'object' && 'status' in fate) return void response.writeHead(fate.status).end(fate.body);
    if (typeof fate === 'object') await new Promise((resolve) => setTimeout(resolve, fate.lateMs));
    try {
      if (headers.authorization !== `Bearer ${this.token}`) throw new Refusal(401, 'invalid-api-key');
      const target = new URL(seen.path, this.url);
      if (target.pathname === '/changes') return this.feed(target.searchParams, response);
      const answer = this.store.answer(method, target, headers, body);
      if (fate === 'drop-reply') return void request.socket.destroy();
      response.writeHead(answer.status, {
        'x-request-id': 'r-1',
        'leasehold-cost': 'read=1, write=0',
        ...answer.headers,
      });
      response.end(answer.body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (fate === 'drop-reply') return void request.socket.destroy();
      const { status, code, members } = error;
      const problem = { status, code, title: code, detail: `refused: ${code}`, requestId: 'r-1', ...members };
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    }
  }

  private feed(query: URLSearchParams, response: ServerResponse): void {
    const prefix = Buffer.from(query.get('prefix') ?? '', 'latin1');
    let told = query.has('since') ? parseInt(query.get('since') ?? '', 16) : this.store.sequence;
    this.feeds.add(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: ${this.retryMs}\n\n`);
    if (!query.has('since')) response.write(`id: ${this.store.versionOf(told)}\n\n`);
    const tell = () => {
      for (; told < this.store.sequence; told++) response.write(this.store.eventOf(told + 1, prefix));
      response.write(HEARTBEAT);
    };
    tell();
    const stop = this.store.onCommit(tell);
    response.on('close', () => {
      stop();
      this.feeds.delete(response);
    });
  }
}
