const MIB = 1024 * 1024;

/** Public limits of the data plane API, stated in the API reference and enforced by gateway and worker alike. */
export const LIMITS = {
  /** A key is 1 … 2,048 bytes: long enough for composite keys, short enough for 64 of them in a block index. */
  keyBytes: 2048,
  /** Larger values are blobs: 512 KiB keeps a commit well inside one 4 MiB segment. */
  valueBytes: 512 * 1024,
  listLimit: 1000,
  listDefault: 100,
  /** Of keys and values in one page; it ends earlier than its limit beyond this. One entry always fits. */
  pageBytes: 4 * MIB,
  databaseNameChars: 63,
  /** Ten years: a lifetime beyond that is a mistake in the unit. */
  ttlSeconds: 315_360_000,
  /** Visible ASCII: enough for any UUID or ULID with a prefix. */
  idempotencyKeyChars: 255,
  /** Checks and operations of a transaction together. */
  transactionParts: 1_000,
  /** Keys and values of a transaction together: one segment of the commit log. */
  transactionBytes: 4 * MIB,
  /** The JSON of a transaction: all of its bytes in base64url, and half a MiB of names and braces. */
  transactionBodyBytes: 6 * MIB,
  /** Keys of a snapshot read. */
  snapshotGets: 1_000,
  snapshotLists: 100,
  /** The JSON of a snapshot read: so many of the longest keys in base64url. */
  snapshotBodyBytes: 4 * MIB,
  /** The JSON that answers a snapshot read. Control characters in texts take six times their size. */
  snapshotAnswerBytes: 48 * MIB,
} as const;
