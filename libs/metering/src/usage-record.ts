import type { DatabaseId, SessionId } from '@leasehold/foundation';

/**
 * What one session did in a stretch of time, as it stands in the bucket under `usage/<session>/<number>` (docs/formats/usage.md). Records are the
 * truth of metering: everything that is billed can be computed from them alone.
 */
export interface UsageRecord {
  readonly session: SessionId;
  /** Of the session's records, from 1 on, without gaps. With the session it names the record: it counts once, however often it is read. */
  readonly number: number;
  /** Wall ms since the Unix epoch, of the worker's clock. What happened after `from` and until `to` is in it. */
  readonly from: number;
  readonly to: number;
  /** By ascending id, each once. */
  readonly databases: readonly DatabaseUsage[];
}

/** Of one database; what nothing happened to is missing. */
export interface DatabaseUsage {
  readonly database: DatabaseId;
  readonly writes: readonly WriteInterval[];
  readonly reads: readonly ReadUsage[];
  readonly sizes: readonly SizeMark[];
}

/** Where the counters of a database stand after one of its commits. Both count from its first commit on, under every owner. */
export interface WriteCounter {
  readonly commits: number;
  /** 1 KiB each. */
  readonly writeUnits: number;
}

/**
 * The commits after `from` up to `to`, all of one hour. Two sessions may tell of the same commits, where one took over from the other: they tell the same of them, so
 * that counting each commit once counts each unit once (`cover`).
 */
export interface WriteInterval {
  /** Whole hours since the Unix epoch, by the time that the commits carry. */
  readonly hour: number;
  readonly from: WriteCounter;
  readonly to: WriteCounter;
}

/** Of one hour and one caller. No other record tells of these reads. */
export interface ReadUsage {
  /** Whole hours since the Unix epoch, by the worker's clock. */
  readonly hour: number;
  /** The API key that read, also by tokens that it made; null: nobody is billed: a person's token did, or it was past a budget. */
  readonly key: string | null;
  readonly requests: number;
  /** 4 KiB each. */
  readonly readUnits: number;
  readonly egressBytes: number;
}

/** From `at` on the database takes so many bytes, until another mark says otherwise. */
export interface SizeMark {
  /** Wall ms since the Unix epoch. */
  readonly at: number;
  readonly bytes: number;
}

/** A session that has recorded nothing for so long is over: whatever comes is told by another one, so that nobody has to look after sessions for ever. */
export const SESSION_QUIET_MS = 30 * 60_000;

export const HOUR_MS = 3_600_000;

/** Whole hours since the Unix epoch. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS);
}
