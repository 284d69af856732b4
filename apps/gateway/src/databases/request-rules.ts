import { ProblemError } from '@leasehold/protocol';
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
  const transfer = request.headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    throw new ProblemError('unsupported-media-type', 'of transfer encodings only chunked is taken');
  }
  return request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
}

/** Of a client's headers these alone reach a worker: conditions, and the trace as the service kit has checked it. */
const PASSED_HEADERS = ['if-match', 'if-none-match', 'traceparent', 'tracestate'];

export function passedRequestHeaders(request: FastifyRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  return passed;
}
