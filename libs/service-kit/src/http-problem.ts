import { HttpException } from '@nestjs/common';
import { isLeaseholdError } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';
import { ERROR_CODES, ProblemError } from '@leasehold/protocol';

import { codeOf } from './error-code.js';

/** What Fastify and Nest refuse before any code of ours runs, as codes of ours. */
const CODE_OF_FASTIFY: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'invalid-request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-body',
  FST_ERR_VALIDATION: 'invalid-body',
  FST_ERR_NOT_FOUND: 'route-not-found',
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'body-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  417: 'expectation-failed',
  429: 'too-many-requests',
  431: 'headers-too-large',
  503: 'unavailable',
};

/**
 * Any thrown value as an error that protocol's table can answer. Ours pass through. Errors of the frameworks get the
 * general text of their code, because their own messages repeat URLs, and URLs hold keys.
 */
export function asLeaseholdError(error: unknown): unknown {
  if (isLeaseholdError(error)) return error;
  const cause = error instanceof HttpException ? error.cause : undefined;
  const code =
    codeOfFastify(error) ??
    codeOfFastify(cause) ??
    (isAborted(error) || isAborted(cause) ? 'invalid-request' : undefined) ??
    codeOfStatus(error);
  if (!code) return error;
  // A Nest exception thrown by our own code, not one wrapped around a framework's: its text was written for the client.
  const own = error instanceof HttpException && !cause && code !== 'not-found' ? error.message : undefined;
  return new ProblemError(code, own ?? ERROR_CODES[code].meaning, { cause: error });
}

function codeOfFastify(error: unknown): ErrorCode | undefined {
  const code = codeOf(error);
  return code !== undefined && Object.hasOwn(CODE_OF_FASTIFY, code) ? CODE_OF_FASTIFY[code] : undefined;
}

/** The client went away in the middle of its request. Nobody reads the answer, but it must not count as our failure. */
function isAborted(error: unknown): boolean {
  return codeOf(error) === 'ECONNRESET' && (error as Error).message === 'aborted';
}

function codeOfStatus(error: unknown): ErrorCode | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusCodeOf(error);
  if (status === undefined) return undefined;
  return CODE_OF_STATUS[status] ?? (status >= 400 && status < 500 ? 'invalid-request' : undefined);
}

function statusCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  // Only refusals: a 5xx of a library is a failure of ours, and is logged as one.
  return typeof error.statusCode === 'number' && error.statusCode < 500 ? error.statusCode : undefined;
}
