import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';

import type { ReceivedEvent } from '@leasehold/protocol';
import { EventStreamReader } from '@leasehold/protocol';

const POLL_MS = 5;

export interface FeedClientOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of a change feed that keeps what it hears, over real HTTP. */
export class FeedClient {
  readonly events: ReceivedEvent[] = [];
  text = '';
  /** The stream is over, by its end or by a broken connection. */
  ended: 'whole' | 'broken' | undefined;
  private readonly reader = new EventStreamReader();

  private constructor(
    private readonly call: ClientRequest,
    private readonly response: IncomingMessage,
  ) {
    response.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
      this.events.push(...this.reader.push(chunk));
    });
    response.on('close', () => (this.ended = response.complete ? 'whole' : 'broken'));
    response.on('error', () => undefined);
    call.on('error', () => undefined);
  }

  /** Resolves with the head of the answer. */
  static open(
    url: string,
    path: string,
    { method = 'GET', headers = {} }: FeedClientOptions = {},
  ): Promise<FeedClient> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const call = httpRequest({ hostname, port, method, path, headers, agent: false });
      call.on('response', (response) => resolve(new FeedClient(call, response)));
      call.on('error', reject).end();
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  get ids(): readonly string[] {
    return this.events.filter(({ event }) => event === 'message').map(({ id }) => id);
  }

  /** Where it would resume. */
  get lastId(): string {
    return this.reader.lastId;
  }

  /** How long it would wait before that. */
  get retryMs(): number | undefined {
    return this.reader.retryMs;
  }

  json(): Record<string, unknown> {
    return JSON.parse(this.text) as Record<string, unknown>;
  }

  /** The data of the error event. */
  get error(): Record<string, unknown> | undefined {
    const event = this.events.find((each) => each.event === 'error');
    return event && (JSON.parse(event.data) as Record<string, unknown>);
  }

  /** Takes nothing more from its connection, which stays. */
  stall(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  close(): void {
    this.call.destroy();
  }

  async until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
    const endsAt = performance.now() + withinMs;
    while (!holds()) {
      if (performance.now() > endsAt) throw new Error(`never: ${what}; heard ${this.text.slice(-300)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  untilEnded(withinMs?: number): Promise<void> {
    return this.until('the end', () => this.ended !== undefined, withinMs);
  }
}
