import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import type { FramedAnswerHead, FramedRequestHead } from '@leasehold/protocol';
import { formatAnswerHead, FRAMES_HEADER, FRAMES_PROTOCOL, parseRequestHead } from '@leasehold/protocol';
import { FrameStream, secureAsServer } from '@leasehold/service-kit';

import { INTERNAL_SECRET } from './fake-worker.js';

/** A request that came in a frame, to be answered when the test wants. */
export interface FramedAsk extends FramedRequestHead {
  readonly body: Buffer;
  answer(head: Partial<FramedAnswerHead>, body?: string): void;
}

/** A worker that offers frames in what it answers over HTTP, and does with what comes in them as a test tells it. */
export class FramedWorker {
  /** Of requests over HTTP, upgrades apart. */
  overHttp = 0;
  upgrades = 0;
  readonly asked: FramedAsk[] = [];
  onAsk: (ask: FramedAsk) => void = ({ answer }) => answer({ status: 200 }, 'framed');
  private readonly connections = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private readonly secret: string,
  ) {}

  static async start(secret = INTERNAL_SECRET): Promise<FramedWorker> {
    const server = createServer();
    const worker = new FramedWorker(server, secret);
    server.on('request', (_request, response) => {
      worker.overHttp++;
      response.writeHead(200, { [FRAMES_HEADER]: FRAMES_PROTOCOL }).end('http');
    });
    server.on('upgrade', (request, socket) => void worker.accept(request, socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return worker;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** As a crash or a router would. */
  cut(): void {
    for (const socket of this.connections) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async accept(_request: IncomingMessage, socket: Duplex): Promise<void> {
    this.upgrades++;
    this.connections.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => this.connections.delete(socket));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${FRAMES_PROTOCOL}\r\n\r\n`);
    const secure = await secureAsServer(socket, this.secret).catch(() => undefined);
    if (secure === undefined) return;
    const stream = new FrameStream(secure, {
      onFrame: ({ number, head, body }) => {
        const answer: FramedAsk['answer'] = ({ status = 200, headers = {} }, text = '') =>
          stream.send({ number, head: formatAnswerHead({ status, headers }), body: Buffer.from(text) });
        const ask = { ...parseRequestHead(head), body: Buffer.from(body), answer };
        this.asked.push(ask);
        this.onAsk(ask);
      },
      onEnd: () => undefined,
    });
  }
}
