import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { digestBody, HOP_HEADERS, verifyHop } from '@leasehold/protocol';

interface Told {
  readonly status: number;
  readonly body: unknown;
}

/** What a worker answers operators, as it was told to: by path and query below `/internal/v1/session`. */
export class ToldWorker {
  readonly asked: string[] = [];
  readonly answers = new Map<string, Told>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(secret: string, session: string): Promise<ToldWorker> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const worker = new ToldWorker(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', ({ method = '', url = '', headers }, response) => {
      const claims = { method, path: url, headers, bodyDigest: digestBody(new Uint8Array(0)) };
      const isRight = verifyHop(secret, headers[HOP_HEADERS.hop], claims, Date.now());
      const asked = url.replace('/internal/v1/session', '');
      worker.asked.push(asked);
      const isMeant = headers[HOP_HEADERS.session] === session;
      const told = isRight && isMeant ? worker.answers.get(asked) : { status: 401, body: { code: 'unauthenticated' } };
      const { status, body } = told ?? { status: 404, body: { code: 'route-not-found' } };
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(body));
    });
    return worker;
  }

  tell(asked: string, body: unknown, status = 200): void {
    this.answers.set(asked, { status, body });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}
