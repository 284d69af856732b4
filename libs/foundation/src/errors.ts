/**
 * What the caller does next, which is all that an operating error has to tell:
 * - `conflict`: somebody else changed it; read again and decide anew
 * - `fenced`: the handle has lost its right; drop it
 * - `closed`: shut down or draining; go elsewhere
 * - `unavailable`: try again later; nothing was applied
 * - `unknown`: it may or may not have been applied; learn the outcome before acting
 * - `not-found`: the named thing does not exist
 * - `denied`: the caller may not do this
 * - `invalid`: the request itself is wrong; trying again cannot help
 * - `quota`: a stated limit is reached
 * - `corrupt`: stored bytes are not what was written; stop and page someone
 * - `internal`: a bug
 */
export const ERROR_KINDS = [
  'conflict',
  'fenced',
  'closed',
  'unavailable',
  'unknown',
  'not-found',
  'denied',
  'invalid',
  'quota',
  'corrupt',
  'internal',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

export interface ErrorDetails {
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
}

/**
 * Base of all operating errors. `code` is a stable public name (docs/errors.md); `message` is for people:
 * lower-case, variables last, and never a key or a value of a tenant.
 */
export class LeaseholdError extends Error {
  override readonly name: string = 'LeaseholdError';
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.retryAfterMs = details.retryAfterMs;
  }
}

export function isLeaseholdError(error: unknown, kind?: ErrorKind): error is LeaseholdError {
  return error instanceof LeaseholdError && (kind === undefined || error.kind === kind);
}
