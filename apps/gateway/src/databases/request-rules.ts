import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

/** Headers that change what a request means. A route that does not understand one refuses it, because ignoring it would lie. */
export const MEANING_HEADERS = [
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'leasehold-ttl',
  'idempotency-key',
] as const;
export type MeaningHeader = (typeof MEANING_HEADERS)[number];

/** @throws ProblemError unsupported-header */
export function refuseOtherHeaders(request: FastifyRequest, understood: readonly MeaningHeader[]): void {
  const name = MEANING_HEADERS.find((header) => request.headers[header] !== undefined && !understood.includes(header));
  if (name !== undefined) throw new ProblemError('unsupported-header', `not supported on this route: ${name}`);
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

/** Of a client's headers these alone reach a worker: what changes the meaning, and the trace as the service kit has checked it. */
const PASSED_HEADERS = ['if-match', 'if-none-match', 'leasehold-ttl', 'idempotency-key', 'traceparent', 'tracestate'];

export function passedRequestHeaders(request: FastifyRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  return passed;
}
