const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Hard limits of the formats. A writer asserts them, so callers check requests against them first; a reader takes
 * anything beyond them for corruption, so that no length field makes it allocate without bound.
 */
export const ENGINE_LIMITS = {
  /** Keys are 1 B … 2 KiB of any bytes. */
  keyBytes: 2 * KIB,
  /** Larger values become blobs, which the data plane owns; the engine sees their reference only. */
  valueBytes: 512 * KIB,
  /** 1,000 operations of a transaction, and as many again for system records beside them (idempotency results). */
  commitEntries: 2_000,
  /** As the IETF draft on Idempotency-Key leaves it to the server: enough for any UUID or ULID with a prefix. */
  idempotencyKeyBytes: 255,
  /** Range deletes whose effect is not yet in the files; compaction brings it there, and past half of it retention gives way. */
  rangeDeletes: 1_024,
  /** Name of a database in its head, UTF-8. */
  nameBytes: 256,
  /** A 10 GB database in 8 MiB files whose keys all have the greatest length still fits. */
  headBytes: 16 * MIB,
  /** One SST is one PUT; L1 files are cut far below, an L0 file is as large as its flush. */
  sstBytes: 1024 * MIB,
} as const;

/** A database whose encoded entries fit in here IS its head: one GET reads it, one CAS writes it. */
export const INLINE_LIMIT_BYTES = 64 * KIB;

/** Blocks are cut when they reach this: about what one S3 GET moves in the time it takes to answer at all. */
export const BLOCK_TARGET_BYTES = 16 * KIB;

/** L1 files are cut here: small enough that a merge rewrites little beside what changed, large enough that 10 GB stay below 1,300 files. */
export const TARGET_FILE_BYTES = 8 * MIB;

/** Compaction starts at this many L0 files: each is one more place in which a cold read has to look. */
export const L0_COMPACTION_FILES = 4;
