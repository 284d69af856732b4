import type { Held } from './replay.js';

/** When something was decided, as the clock that decided it may have said: ms, both inclusive. */
export interface Instant {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Whether what is held may have counted as there then. */
export function mayBeThere(held: Held | undefined, { earliestMs }: Instant): held is Held {
  return held !== undefined && held.expiresAt > earliestMs;
}

/** Whether it may have counted as expired, or there is nothing. */
export function mayBeAbsent(held: Held | undefined, { latestMs }: Instant): boolean {
  return held === undefined || (held.expiresAt !== Infinity && held.expiresAt <= latestMs);
}

/** Whether it must have counted as expired. */
export function isExpired({ expiresAt }: Held, { earliestMs }: Instant): boolean {
  return expiresAt <= earliestMs;
}
