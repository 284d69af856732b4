import type { HeaderValues, HopFrame } from '@leasehold/protocol';
import { formatAnswerHead, parseRequestHead, requestIdFrom } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

const NO_BODY = new Uint8Array(0);
const JSON_TYPE = 'application/json; charset=utf-8';

/** What the routes of keys use of Fastify's request. */
export type RouteRequest = Pick<FastifyRequest, 'id' | 'method' | 'originalUrl' | 'headers' | 'body' | 'is404'> & {
  readonly routeOptions: { readonly url: string };
};

/** What they use of its reply. */
export type RouteReply = Pick<FastifyReply, 'sent'> & {
  readonly raw: { readonly headersSent: boolean; destroy(): void };
  code(status: number): RouteReply;
  status(status: number): RouteReply;
  header(name: string, value: string): RouteReply;
  headers(values: HeaderValues): RouteReply;
  send(payload?: unknown): RouteReply;
};

/** @throws BadFrameError */
export function framedRequest({ head, body }: HopFrame, route: string): RouteRequest {
  const { method, path, headers } = parseRequestHead(head);
  return {
    id: requestIdFrom(headers['x-request-id']),
    method,
    originalUrl: path,
    headers: headers as Record<string, string>,
    // It is kept for as long as the value is: without the bytes of others that it arrived with.
    body: body.byteLength === 0 ? undefined : Uint8Array.prototype.slice.call(body),
    is404: false,
    routeOptions: { url: route },
  };
}

/** An answer on its way into a frame. */
export class FramedReply implements RouteReply {
  statusCode = 200;
  sent = false;
  readonly raw = { headersSent: false, destroy: () => undefined };
  private readonly values: Record<string, string> = {};

  /** @param finish told once, with what the answer consists of */
  constructor(private readonly finish: (head: string, body: Uint8Array) => void) {}

  code(status: number): this {
    this.statusCode = status;
    return this;
  }

  status(status: number): this {
    return this.code(status);
  }

  header(name: string, value: string): this {
    this.values[name] = value;
    return this;
  }

  headers(values: HeaderValues): this {
    for (const name in values) {
      const value = values[name];
      if (typeof value === 'string') this.values[name] = value;
    }
    return this;
  }

  /** Bytes and text as they are, anything else as JSON. Once: what comes later is no answer to anything. */
  send(payload?: unknown): this {
    if (this.sent) return this;
    this.sent = true;
    const body = this.bodyOf(payload);
    this.finish(formatAnswerHead({ status: this.statusCode, headers: this.values }), body);
    return this;
  }

  private bodyOf(payload: unknown): Uint8Array {
    if (payload === undefined) return NO_BODY;
    if (payload instanceof Uint8Array) return payload;
    if (typeof payload === 'string') return Buffer.from(payload);
    this.values['content-type'] ??= JSON_TYPE;
    return Buffer.from(JSON.stringify(payload));
  }
}
