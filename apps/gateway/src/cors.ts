import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, PUT, POST, DELETE, HEAD, OPTIONS';
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'if-match',
  'if-none-match',
  'leasehold-ttl',
  'idempotency-key',
  'last-event-id',
  'traceparent',
  'tracestate',
].join(', ');
const EXPOSED_HEADERS = [
  'etag',
  'x-request-id',
  'retry-after',
  'leasehold-version',
  'leasehold-cost',
  'idempotency-replayed',
  'ratelimit',
  'ratelimit-policy',
  'server-timing',
].join(', ');
const PREFLIGHT_AGE_SECONDS = 600;

/** Lets pages of exactly one origin call the data plane from browsers. Others get the answer without leave to read it. */
export function allowOrigin(instance: FastifyInstance, allowed: string): void {
  instance.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'origin');
    if (request.headers.origin !== allowed) return undefined;
    reply.header('access-control-allow-origin', allowed).header('access-control-expose-headers', EXPOSED_HEADERS);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return undefined;
    return reply
      .status(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', REQUEST_HEADERS)
      .header('access-control-max-age', PREFLIGHT_AGE_SECONDS)
      .send();
  });
}
