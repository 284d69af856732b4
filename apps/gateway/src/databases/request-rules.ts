import { MEANING_HEADERS, parseIdempotencyKey, ProblemError } from '@leasehold/protocol';
import type { Repetition } from '@leasehold/routing';
import type { FastifyRequest } from 'fastify';

const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i;
const NO_BODY = new Uint8Array(0);

/** Of the headers that change what a request means, it has none but these. @throws ProblemError unsupported-header */
export function refuseOtherHeaders(request: FastifyRequest, understood: readonly string[]): void {
  const name = MEANING_HEADERS.find((header) => request.headers[header] !== undefined && !understood.includes(header));
  if (name !== undefined) throw new ProblemError('unsupported-header', `not supported on this route: ${name}`);
}

/** The value to write: the body as it came, already bounded. @throws ProblemError unsupported-media-type */
export function valueOf(request: FastifyRequest): Uint8Array {
  refuseCodings(request, 'values are stored as sent');
  return request.body instanceof Uint8Array ? request.body : NO_BODY;
}

/** A body of JSON, already bounded, not parsed. @throws ProblemError unsupported-media-type */
export function jsonOf(request: FastifyRequest): Uint8Array {
  refuseCodings(request, 'bodies are taken as they are');
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new ProblemError('unsupported-media-type', 'bodies of this route are application/json, in UTF-8');
  }
  return request.body instanceof Uint8Array ? request.body : NO_BODY;
}

/** What a mutation may do when its answer is lost: with an idempotency key it is sent again. @throws ProblemError invalid-idempotency-key */
export function repetitionOf(request: FastifyRequest): Repetition {
  return parseIdempotencyKey(request.headers) === undefined ? 'unsafe' : 'once';
}

function refuseCodings(request: FastifyRequest, why: string): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ProblemError('unsupported-media-type', `${why}: a Content-Encoding is not taken`);
  }
  const transfer = request.headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    throw new ProblemError('unsupported-media-type', 'of transfer encodings only chunked is taken');
  }
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
