/**
 * Values of a run tell where they belong and who wrote them: tag, id of the call, and filling. Keys tell how they are used:
 *
 *     r/…   registers: one key at a time, or together with others in a transaction; never in a range delete, never with an expiry
 *     a/…   accounts: a transfer moves money between them, so their sum stays
 *     l/…   lists: each write appends one item to what its check has seen
 *     n/…   counters of sum, which range deletes clear, too
 *     t/…   tallies: counters that nothing clears, and in which each sum has a digit of its own (see `tally.ts`)
 *     x/…   what range deletes clear
 *     e/…   what expires
 *     m/…   markers: a transaction of several operations puts its call's id under its client's marker
 */
export const KEY_KINDS = {
  register: 'r/',
  account: 'a/',
  list: 'l/',
  counter: 'n/',
  tally: 't/',
  cleared: 'x/',
  expiring: 'e/',
  marker: 'm/',
} as const;

/*
 * Contents (of `valueOf`): an account's is its balance in decimal digits; a list's are its items, call ids, joined by commas, oldest first; all others
 * are of no meaning. Counters and tallies are the exception: their values are the tag followed by 8 bytes, least byte first.
 */

/** Whether values of the key are numbers. */
export function isCounted(key: string): boolean {
  return key.startsWith(KEY_KINDS.counter) || key.startsWith(KEY_KINDS.tally);
}

/** What the accounts of a database hold together, once they have been opened; each is opened with an equal part. */
export const MONEY = 300n;
export const ACCOUNTS = ['a/0', 'a/1', 'a/2'] as const;

const SEPARATOR = '|';

/** @param content of the writer's own; filled up with dots to `sizeBytes` */
export function valueOf(tag: string, callId: string, content = '', sizeBytes = 0): string {
  return [tag, callId, content].join(SEPARATOR).padEnd(sizeBytes, '.');
}

/** The call that wrote it, and its content without the filling; undefined for what no call wrote so. */
export function readValue(
  tag: string,
  value: string,
): { readonly callId: string; readonly content: string } | undefined {
  const [of, callId, content] = value.split(SEPARATOR);
  if (of !== tag || callId === undefined || content === undefined) return undefined;
  return { callId, content: content.replace(/\.+$/, '') };
}
