const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** After the first failure, the second, and so on: a little over a day. */
const WAITS_MS = [5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 9 * HOUR_MS, 10 * HOUR_MS];
/** Each wait is longer by up to so much: those that failed together come back one by one. */
const JITTER = 0.2;

export const MAX_ATTEMPTS = WAITS_MS.length + 1;

/**
 * How long to wait after an attempt that failed; undefined: it was the last.
 *
 * @param attempts so far, 1 or more
 * @param fraction drawn at random from 0 to 1
 */
export function waitMsAfter(attempts: number, fraction: number): number | undefined {
  const waitMs = WAITS_MS[attempts - 1];
  return waitMs === undefined ? undefined : Math.round(waitMs * (1 + JITTER * fraction));
}
