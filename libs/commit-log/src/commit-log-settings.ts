export interface CommitLogSettings {
  /** While puts are in flight, so much time lies between two segments, in which the next one collects (L1). */
  readonly commitWindowMs: number;
  /** A segment that would grow beyond it goes out at once (L1). */
  readonly maxSegmentBytes: number;
  /** What one database has of a segment that all share; what it writes beyond goes into segments for the large. */
  readonly shareBytes: number;
  /** Puts at the same time; at most {@link WINDOW_SEGMENTS} ever are. */
  readonly maxInFlight: number;
  /** Segments put per second, full ones apart (L1). Renewals, rollups and hedges are not among them. */
  readonly putsPerSecond: number;
  /** Puts that an idle log may spend in a row before it waits for the next one. */
  readonly burstPuts: number;
  /** Of all puts, how many may be sent a second time because they are slow; 0: none. */
  readonly hedgeShare: number;
  /** So many confirmed segments from the oldest needed one on are folded into a rollup (L5); well below {@link LOOSE_LIMIT_SEGMENTS}. */
  readonly foldAtSegments: number;
  /** Payload bytes kept in memory for the next rollup, without what others keep as well; segments beyond are read back for it (L5). */
  readonly heldBytes: number;
}

const SHARED = {
  maxSegmentBytes: 4 * 1024 * 1024,
  // More than most commit in a second, and at the 80 MB/s of a stream to S3 it makes the put 3 ms longer for the others.
  shareBytes: 256 * 1024,
  hedgeShare: 0.04,
  // At the 140 puts a second of `fast`: two puts for 1.4 seconds. Far enough below the limit that no segment waits for a rollup.
  foldAtSegments: 192,
  // Twenty megabytes a second until the next rollup. Most single puts are not among them: their memtables keep the same bytes.
  heldBytes: 32 * 1024 * 1024,
} as const;

/**
 * What plans choose between: latency, or dollars.
 *
 * - `fast` adds 4 ms to a put in the middle and costs a put for every seven writes at 1,000 writes a second.
 * - `economy` adds up to 40 ms and costs a put for every forty.
 */
export const COMMIT_LOG_MODES: Readonly<Record<'fast' | 'economy', CommitLogSettings>> = {
  fast: {
    ...SHARED,
    commitWindowMs: 5,
    putsPerSecond: 140,
    burstPuts: 4,
    // At 140 puts a second, a put at the 99.9th percentile of S3 (274 ms) has 38 others beside it.
    maxInFlight: 40,
  },
  economy: {
    ...SHARED,
    commitWindowMs: 5,
    putsPerSecond: 25,
    burstPuts: 4,
    maxInFlight: 40,
  },
};

export const COMMIT_LOG_SETTINGS = COMMIT_LOG_MODES.fast;
