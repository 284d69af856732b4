import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { SessionId } from '@leasehold/foundation';
import { formatVersion } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';
import { digestBody, HOP_HEADERS, ProblemError, toProblem, verifyHop } from '@leasehold/protocol';

export const INTERNAL_SECRET = 'a secret of the installation, 32+';

export interface ReceivedHop {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Behaviour = (hop: ReceivedHop, response: ServerResponse) => void | Promise<void>;

/** A worker that speaks the internal hop over real HTTP, checks its signature and whom it means, and otherwise does as a test tells it. */
export class FakeWorker {
  readonly received: ReceivedHop[] = [];
  behaviour: Behaviour = answerStored(new Map());
  /** Receives, and neither checks nor answers: as a stopped process does. */
  silent = false;

  private constructor(
    readonly id: SessionId,
    private readonly server: Server,
  ) {}

  static async start(id: SessionId): Promise<FakeWorker> {
    const server = createServer();
    const worker = new FakeWorker(id, server);
    server.on('request', (request, response) => void worker.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return worker;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const hop = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.received.push(hop);
    if (this.silent) return;
    const claims = { method: hop.method, path: hop.path, headers: hop.headers, bodyDigest: digestBody(hop.body) };
    if (!verifyHop(INTERNAL_SECRET, hop.headers[HOP_HEADERS.hop], claims, Date.now())) {
      return answerProblem(response, 'unauthenticated');
    }
    const named = hop.headers[HOP_HEADERS.session];
    if (named !== undefined && named !== this.id) return answerProblem(response, 'session-expired');
    await this.behaviour(hop, response);
  }
}

const READ = { 'leasehold-cost': 'read=1, write=0' };

/** Keeps values by path: enough to see that requests and answers pass through. */
export function answerStored(values: Map<string, Buffer>): Behaviour {
  return ({ method, path, body }, response) => {
    const version = formatVersion({ epoch: 1, sequence: values.size + 1 });
    if (path.endsWith('/stats') || path.endsWith('/warm')) return answerJson(response, 200, { session: 's' });
    if (method === 'GET' && path.includes('/keys?')) return answerJson(response, 200, { entries: [], cursor: null });
    if (path.endsWith('/reads')) return answerJson(response, 200, { version, gets: [], lists: [] });
    if (method === 'GET') {
      const value = values.get(path);
      if (!value) return answerProblem(response, 'key-not-found', READ);
      response
        .writeHead(200, {
          ...READ,
          etag: `"${version}"`,
          'content-type': 'application/octet-stream',
          'content-length': value.byteLength,
          'x-internal': 'secret',
        })
        .end(value);
      return;
    }
    if (method === 'PUT') values.set(path, body);
    else values.delete(path);
    answerJson(response, 200, { version }, { etag: `"${version}"`, [HOP_HEADERS.owner]: 'http://10.0.0.1' });
  };
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...own, ...headers }).end(text);
}

export function answerProblem(
  response: ServerResponse,
  code: ErrorCode,
  headers: Record<string, string> = {},
  retryAfterMs?: number,
): void {
  const problem = toProblem(new ProblemError(code, 'as the test wants', { headers, retryAfterMs }), 'worker-request');
  answerJson(response, problem.status, problem.body, problem.headers);
}

/** 421 with the headers that name an owner. */
export function misdirect(owner: string, endpoint = 'http://127.0.0.1:1'): Behaviour {
  return (_hop, response) =>
    answerProblem(response, 'misdirected', { [HOP_HEADERS.owner]: endpoint, [HOP_HEADERS.ownerSession]: owner });
}

/** The request arrived, the answer never does. */
export const loseReply: Behaviour = (_hop, response) => {
  response.destroy();
};
