const DAY_MS = 24 * 60 * 60 * 1_000;
/** After the first, second, … charge that came to nothing. Banks frown on more. */
const WAITS_MS: readonly number[] = [1, 3, 5, 7].map((days) => days * DAY_MS);

/** When to charge again. Null: not by itself; a new payment method makes another one. @param attempts that were made */
export function nextChargeAt(attempts: number, now: Date): Date | null {
  const waitMs = WAITS_MS[attempts - 1];
  return waitMs === undefined ? null : new Date(now.getTime() + waitMs);
}
