import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Random } from '@leasehold/foundation';

/** How often it does what, of all requests. */
export interface ProxySettings {
  /** The request never arrives. */
  readonly dropRequest: number;
  /** It is served, and nobody hears of it. */
  readonly dropReply: number;
  /** Streams are cut after at most so long; undefined: they are left alone. */
  readonly cutStreamsMs?: number;
}

/** Stands before a gateway and loses requests and answers. */
export class DroppingProxy {
  dropped = 0;
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(
    private readonly server: Server,
    private readonly target: string,
    private readonly random: Random,
    private readonly settings: ProxySettings,
  ) {}

  static async start(target: string, random: Random, settings: ProxySettings): Promise<DroppingProxy> {
    const server = createServer();
    const proxy = new DroppingProxy(server, target, random, settings);
    server.on('request', (incoming, outgoing) => proxy.pass(incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.agent.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const chance = this.random.fraction();
    const { dropRequest, dropReply, cutStreamsMs } = this.settings;
    const drop = () => {
      this.dropped += 1;
      incoming.socket.destroy();
    };
    if (chance < dropRequest) return drop();
    const { method, headers, url = '' } = incoming;
    const passed = request(new URL(url, this.target), { method, headers, agent: this.agent }, (answer) => {
      const isStream = answer.headers['content-type'] === 'text/event-stream';
      if (!isStream && chance < dropRequest + dropReply) {
        answer.resume().on('end', drop);
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      if (!isStream || cutStreamsMs === undefined) return;
      const timer = setTimeout(drop, this.random.fraction() * cutStreamsMs);
      answer.on('close', () => clearTimeout(timer));
    });
    passed.on('error', () => incoming.socket.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  }
}
