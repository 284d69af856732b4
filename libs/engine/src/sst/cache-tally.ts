/** Blocks of files that reads wanted since the process began, over all databases. What a head holds inline takes no block. */
export interface CacheTally {
  /** Found in memory. A read that finds only some of its blocks here, and begins anew with the others, counts those again. */
  hits: number;
  /** Fetched from disk or bucket, neighbours that came with the same request included; not what was fetched ahead of every read. */
  misses: number;
}
