import { isLeaseholdError, LeaseholdError } from '@leasehold/foundation';

import { CODE_OF_KIND } from './code-of-kind.js';
import { ERROR_CODES, isErrorCode } from './error-codes.js';
import type { ErrorCode } from './error-codes.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457 problem details, plus our members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly requestId: string;
  readonly retryAfterMs?: number;
  readonly [member: string]: unknown;
}

export interface ProblemDetails {
  /** Extra members of the body, camelCase; the standard members win over them. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An operating error that knows how it is answered. `detail` is public: never put a key, a value or a secret into it. */
export class ProblemError extends LeaseholdError {
  override readonly name = 'ProblemError';
  declare readonly code: ErrorCode;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, detail: string, details: ProblemDetails = {}) {
    super(ERROR_CODES[code].kind, code, detail, { cause: details.cause, retryAfterMs: details.retryAfterMs });
    this.members = details.members ?? {};
    this.headers = details.headers ?? {};
  }
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/**
 * The answer to any thrown value. Operating errors are told as they are; anything else is a bug, answered as
 * `internal` without its message, which may hold what must not leave the process.
 */
export function toProblem(error: unknown, requestId: string): ProblemAnswer {
  const problem = error instanceof ProblemError ? error : generalProblem(error);
  const { status, title } = ERROR_CODES[problem.code];
  const { retryAfterMs } = problem;
  return {
    status,
    headers: {
      ...problem.headers,
      ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      'content-type': PROBLEM_MEDIA_TYPE,
      'cache-control': 'no-store',
    },
    body: {
      ...problem.members,
      type: problemType(problem.code),
      title,
      status,
      code: problem.code,
      detail: problem.message,
      requestId,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  };
}

export function problemType(code: ErrorCode): string {
  return `urn:leasehold:problem:${code}`;
}

function generalProblem(error: unknown): ProblemError {
  if (!isLeaseholdError(error))
    return new ProblemError('internal', 'something went wrong inside Leasehold', { cause: error });
  const code = isErrorCode(error.code) ? error.code : CODE_OF_KIND[error.kind];
  // Messages of bugs and of damaged objects may name objects of the bucket: they go to the log, not to the client.
  const detail = code === 'internal' || code === 'corrupt-object' ? ERROR_CODES[code].meaning : error.message;
  return new ProblemError(code, detail, { retryAfterMs: error.retryAfterMs, cause: error });
}
