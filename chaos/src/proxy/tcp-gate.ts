import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

type GateState = 'open' | 'refusing' | 'holding';

/** A TCP relay to a server that others run, which can be taken away without touching the server. */
export class TcpGate {
  private state: GateState = 'open';
  private readonly server: Server;
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly host: string,
    private readonly port: number,
  ) {
    this.server = createServer((incoming) => this.relay(incoming));
  }

  static async open(host: string, port: number): Promise<TcpGate> {
    const gate = new TcpGate(host, port);
    await new Promise<void>((resolve, reject) => {
      gate.server.once('error', reject);
      gate.server.listen(0, '127.0.0.1', resolve);
    });
    return gate;
  }

  get boundPort(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The server is gone: connections are cut, new ones are cut at once. */
  refuse(): void {
    this.state = 'refusing';
    this.cutAll();
  }

  /** The network is gone: nothing that is sent arrives. What waits is delivered when the gate opens. */
  hold(): void {
    this.state = 'holding';
    for (const [a, b] of this.pairs) {
      a.pause();
      b.pause();
    }
  }

  reopen(): void {
    this.state = 'open';
    for (const [a, b] of this.pairs) {
      a.resume();
      b.resume();
    }
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private relay(incoming: Socket): void {
    if (this.state === 'refusing') {
      incoming.destroy();
      return;
    }
    const outgoing = connect(this.port, this.host);
    const pair = [incoming, outgoing] as const;
    this.pairs.add(pair);
    for (const [from, to] of [pair, [outgoing, incoming] as const]) {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (this.state !== 'holding') from.resume();
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.pairs.delete(pair);
        to.destroy();
      });
    }
    if (this.state === 'holding') {
      incoming.pause();
      outgoing.pause();
    }
  }

  private cutAll(): void {
    for (const [a, b] of this.pairs) {
      a.destroy();
      b.destroy();
    }
    this.pairs.clear();
  }
}
