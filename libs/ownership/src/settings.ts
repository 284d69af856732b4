import { LOG_CACHE_BYTES } from '@leasehold/commit-log';

/** Validated once by the worker's configuration; each default says why that number. */
export interface OwnershipSettings {
  /**
   * A database without requests for this long is given up. An open idle one costs no request and some 2 KiB; giving it up and having
   * it back are two PUTs, and while it is gone its next write takes two round trips instead of one.
   */
  readonly idleReleaseMs: number;
  /** A memtable of this size is flushed to the head or to an SST. */
  readonly flushBytes: number;
  /** Open databases of one worker; past it the least recently used are given up, and past twice as many none is opened. */
  readonly maxOpenDatabases: number;
  /** Memory of open databases, their inline data included and unflushed commits not; past it the least recently used are given up. */
  readonly openDatabasesBytes: number;
  /** L4: unflushed bytes, in the log or in memory, that force flushes, paced from half full, the largest databases first. */
  readonly maxUnflushedBytes: number;
  /** Memory for what was read of the logs of ended sessions, all of them together. What has no room is read again for each database. */
  readonly recoveryCacheBytes: number;
  /** L0 files that ask for a compaction. */
  readonly compactAtL0Files: number;
  /** L0 files past which writes are refused until a compaction has caught up. */
  readonly refuseAtL0Files: number;
  /** How often idleness and log pressure are looked at. */
  readonly maintenanceIntervalMs: number;
  /**
   * Reads of an unowned database within `idleReleaseMs` after which it is claimed. A claim and its release are two
   * PUTs, the price of 25 GETs on S3 ($5 against $0.4 per million), so fewer reads than that are cheaper without a lease.
   */
  readonly claimAfterColdReads: number;
}

export const DEFAULT_OWNERSHIP_SETTINGS: OwnershipSettings = {
  idleReleaseMs: 3_600_000,
  flushBytes: 4 * 1024 * 1024,
  maxOpenDatabases: 200_000,
  openDatabasesBytes: 512 * 1024 * 1024,
  maxUnflushedBytes: 256 * 1024 * 1024,
  recoveryCacheBytes: LOG_CACHE_BYTES,
  compactAtL0Files: 4,
  refuseAtL0Files: 32,
  maintenanceIntervalMs: 1_000,
  claimAfterColdReads: 25,
};
