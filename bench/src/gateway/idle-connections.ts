import type { HttpConnection } from './http-connection.js';

/** Connections of which each request takes one that has nothing to do, or waits for the next. */
export class IdleConnections {
  private readonly idle: HttpConnection[];
  private readonly waiting: ((connection: HttpConnection) => void)[] = [];

  constructor(connections: readonly HttpConnection[]) {
    this.idle = [...connections];
  }

  /** @throws Error when the answer is not 200 */
  async ask(request: Buffer): Promise<void> {
    const connection = this.idle.pop() ?? (await new Promise<HttpConnection>((resolve) => this.waiting.push(resolve)));
    const status = await new Promise<number>((resolve) => connection.ask(request, resolve));
    const next = this.waiting.shift();
    if (next === undefined) this.idle.push(connection);
    else next(connection);
    if (status !== 200) throw new Error(`answered ${status}`);
  }
}
