import { LIMITS } from './limits.js';
import type { HeaderValues } from './precondition.js';
import { ProblemError } from './problem.js';

export const TTL_HEADER = 'leasehold-ttl';
/** Of a read: when the key ends. Left out where it stays. */
export const EXPIRES_AT_HEADER = 'leasehold-expires-at';

/** When a key ends: so long after it is written, on the clock of the owner, or at a wall time (ms), which may be infinite: never. */
export type Lifetime = { readonly ttlSeconds: number } | { readonly expiresAt: number };

/** `Leasehold-TTL`; undefined when it is not given. @throws ProblemError invalid-expiry */
export function parseTtl(headers: HeaderValues): number | undefined {
  const text = headers[TTL_HEADER];
  if (text === undefined) return undefined;
  const seconds = typeof text === 'string' && /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (isTtl(seconds)) return seconds;
  throw new ProblemError('invalid-expiry', `Leasehold-TTL is a whole number of seconds, 1 to ${LIMITS.ttlSeconds}`);
}

/** As {@link EXPIRES_AT_HEADER} has it; undefined: it stays. @param expiresAt wall ms, or infinity */
export function formatExpiry(expiresAt: number): string | undefined {
  return Number.isFinite(expiresAt) ? new Date(expiresAt).toISOString() : undefined;
}

export function isTtl(seconds: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= LIMITS.ttlSeconds;
}
