import { ProblemError, traceparentFrom } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

/** Headers of the API that change what a request means and are not served yet: refused, because ignoring them would lie. */
const UNSUPPORTED_HEADERS = ['leasehold-ttl', 'idempotency-key'];

/** @throws ProblemError unsupported-header */
export function refuseUnsupportedHeaders(request: FastifyRequest): void {
  const name = UNSUPPORTED_HEADERS.find((header) => request.headers[header] !== undefined);
  if (name !== undefined) throw new ProblemError('unsupported-header', `not supported yet: ${name}`);
}

/** The value to write: the body as it came, already bounded. @throws ProblemError unsupported-media-type */
export function valueOf(request: FastifyRequest): Uint8Array {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ProblemError('unsupported-media-type', 'values are stored as sent: a Content-Encoding is not taken');
  }
  return request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
}

/** Condition and trace headers, the only ones of a client that reach a worker. */
export function passedRequestHeaders(request: FastifyRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ['if-match', 'if-none-match']) {
    const value = request.headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  const traceparent = traceparentFrom(request.headers.traceparent);
  if (traceparent === undefined) return passed;
  const { tracestate } = request.headers;
  return {
    ...passed,
    traceparent,
    ...(typeof tracestate === 'string' && tracestate.length <= 512 ? { tracestate } : {}),
  };
}
