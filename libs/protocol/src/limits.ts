/** Public limits of the data plane API, stated in the API reference and enforced by gateway and worker alike. */
export const LIMITS = {
  /** A key is 1 … 2,048 bytes: long enough for composite keys, short enough for 64 of them in a block index. */
  keyBytes: 2048,
  /** Larger values are blobs: 512 KiB keeps a commit well inside one 4 MiB segment. */
  valueBytes: 512 * 1024,
  listLimit: 1000,
  listDefault: 100,
  /** Of keys and values in one page; it ends earlier than its limit beyond this. One entry always fits. */
  pageBytes: 4 * 1024 * 1024,
  databaseNameChars: 63,
} as const;
