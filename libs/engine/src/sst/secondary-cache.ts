/**
 * A second level below the {@link BlockCache}, larger and slower: local disk. Holds blocks as they are stored (compressed, checksummed) and
 * tails, under names that stand for the same bytes for ever. Advisory: a miss, a failure and damaged bytes all mean that the store is asked.
 */
export interface SecondaryCache {
  get(name: string): Promise<Uint8Array | undefined>;
  /** Returns at once; may come to nothing. The array is not changed afterwards. */
  put(name: string, bytes: Uint8Array): void;
}
