import type { LeaseholdError } from './errors.js';
import { ConflictError, InvalidError, QuotaError, UnavailableError, UnknownOutcomeError } from './errors.js';

/** How often a call is sent, and how long it waits in between. */
export interface RetrySettings {
  /** How often a call is sent at most, the first time included. */
  readonly attempts: number;
  /** Before the second attempt at most so long; then twice as long each time. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** Enough to outlive a takeover, which takes some seconds. */
export const DEFAULT_RETRIES: RetrySettings = { attempts: 10, baseDelayMs: 50, maxDelayMs: 5_000 };

/**
 * What may happen to a call whose answer was lost: a read, and a write under an idempotency key, are sent again; what has neither
 * is not.
 */
export type Repeat = 'read' | 'never' | { readonly idempotencyKey: string };

/** What a call has come to. */
export interface CallState {
  readonly repeat: Repeat;
  /** How often it was sent. */
  readonly attempts: number;
  /** Whether an attempt was sent of which it is not known what became of it; the last one included. */
  readonly isOpen: boolean;
  /** Until the time of the whole call is over. */
  readonly remainingMs: number;
  /** Whether the condition that failed fails for ever: the refusal then also speaks of attempts that are open. */
  readonly staysRefused: (refusal: ConflictError) => boolean;
}

export type RetryStep =
  { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'fail'; readonly error: LeaseholdError };

/**
 * What to do after an attempt that failed. What may be repeated is, within its bounds. What must not be is telling that nothing was
 * applied while an earlier attempt may still arrive.
 */
export function afterFailure(
  error: LeaseholdError,
  state: CallState,
  settings: RetrySettings,
  random: number,
): RetryStep {
  const mayRepeat = helpsToRetry(error) && (state.repeat !== 'never' || !state.isOpen);
  if (mayRepeat && state.attempts < settings.attempts) {
    const delayMs = Math.max(error.retryAfterMs ?? 0, jitter(state.attempts, settings, random));
    if (delayMs < state.remainingMs) return { kind: 'retry', delayMs };
  }
  return { kind: 'fail', error: whatIsKnown(error, state) };
}

/** Anything below `baseDelayMs` doubled with each attempt, so that those who failed together do not come back together. */
export function jitter(attempts: number, { baseDelayMs, maxDelayMs }: RetrySettings, random: number): number {
  return random * Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(attempts - 1, MAX_DOUBLINGS));
}

/** Beyond it numbers stop being exact; every `maxDelayMs` is reached long before. */
const MAX_DOUBLINGS = 30;

/** Whether the same call can succeed a little later. */
export function helpsToRetry(error: LeaseholdError): boolean {
  if (error instanceof QuotaError) return error.code === 'too-many-requests';
  // An earlier attempt under the same idempotency key is being worked on.
  if (error instanceof ConflictError) return error.code === 'conflict' && error.retryAfterMs !== undefined;
  return error.retryable;
}

/** Those of a day. Told so, no attempt was applied: where one may have been, the outcome is unknown. */
export function areKeysUsedUp(error: unknown): boolean {
  return error instanceof QuotaError && error.code === 'idempotency-keys-exhausted';
}

/** Statuses by which the service judges the request itself, whenever it arrives. */
const JUDGED_STATUSES: readonly (number | undefined)[] = [400, 410, 413];

function whatIsKnown(error: LeaseholdError, { repeat, isOpen, staysRefused }: CallState): LeaseholdError {
  const facts = { code: error.code, message: error.message, requestId: error.requestId, cause: error };
  const isUnknown = error instanceof UnknownOutcomeError;
  // By a read nothing can have been applied.
  if (repeat === 'read') return isUnknown ? new UnavailableError(facts) : error;
  const speaksOfAll =
    error instanceof ConflictError
      ? staysRefused(error)
      : error instanceof InvalidError && JUDGED_STATUSES.includes(error.status);
  if (!isUnknown && (!isOpen || speaksOfAll)) return error;
  const idempotencyKey = repeat === 'never' ? undefined : repeat.idempotencyKey;
  return new UnknownOutcomeError({ ...facts, idempotencyKey });
}
