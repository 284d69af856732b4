/** One key and value to be written. */
export interface ImportEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Ms since the epoch from which on it counts as absent. */
  readonly expiresAt?: number;
  /** Where the source goes on after this entry: what {@link ImportSource.entries} takes. */
  readonly nextPosition: number;
}

/** What an import reads, once or from where an earlier one was cut off. */
export interface ImportSource {
  /** Of `total`, for progress: bytes or rows. */
  readonly unit: 'bytes' | 'rows';
  readonly total: number | undefined;
  /** Tells whether a file is still the one that an import was begun with; undefined when it cannot be gone back to. */
  readonly fingerprint: string | undefined;
  /**
   * In the order of the source, in memory that does not grow with it.
   * @param from `nextPosition` of an entry, 0 for the beginning
   * @throws CliError naming the place of what cannot be read
   */
  entries(from: number): AsyncIterable<ImportEntry> | Iterable<ImportEntry>;
  /** What was passed over, in words, by kind; asked at the end. */
  skipped(): ReadonlyMap<string, number>;
  close(): void;
}
