import { InvalidError } from './errors.js';

/** 20 hexadecimal digits that grow with every commit of a database. */
export type Version = string;

const VERSION = /^[0-9a-f]{20}$/;

export function isVersion(version: unknown): version is Version {
  return typeof version === 'string' && VERSION.test(version);
}

/** A state of the database: that after a commit, or at a time, inside the retention window. */
export type PointInTime = Version | Date;

export interface CallOptions {
  /** Ends the call, which then rejects with the reason of the signal. A write that was sent by then may be applied still. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Which state to read; the present by default. */
  readonly at?: PointInTime | undefined;
}

export interface CommitOptions extends CallOptions {
  /** A name for this write, 1 to 255 visible ASCII characters: however often it is sent in a day, it is applied once. Drawn for each call by default. */
  readonly idempotencyKey?: string | undefined;
}

export interface DeleteOptions extends CommitOptions {
  /** Only over this version. Given without a value it is refused: it would drop the condition. */
  readonly ifVersion?: Version;
  /** Only if the key exists. */
  readonly ifExists?: true;
}

export interface PutOptions extends CommitOptions {
  /** Only over this version; `null`: only if the key does not exist. Given without a value it is refused: it would drop the condition. */
  readonly ifVersion?: Version | null;
  /** Only if the key exists. */
  readonly ifExists?: true;
  /** How long the key lives after it is written, in whole seconds; for ever by default. */
  readonly ttlSeconds?: number | undefined;
}

export interface LifetimeOptions {
  readonly ttlSeconds?: number | undefined;
  /** Instead of `ttlSeconds`. */
  readonly expiresAt?: Date | undefined;
}

export interface ListOptions extends CallOptions {
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined;
  /** Which state to list. By default the present one when the listing begins, for all of it. */
  readonly at?: PointInTime | undefined;
  /** Entries in all; no bound by default. */
  readonly limit?: number | undefined;
  /** Entries of one trip, 1 to 1,000; 500 by default. */
  readonly pageSize?: number | undefined;
}

export interface PageOptions extends CallOptions {
  readonly reverse?: boolean | undefined;
  readonly at?: PointInTime | undefined;
  /** Entries of the page, 1 to 1,000; 100 by default. It may have less, at most 4 MiB of them. */
  readonly limit?: number | undefined;
  /** Of the page before, to go on from there; range and direction have to be the same. */
  readonly cursor?: string | undefined;
}

/** A part of a listing. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** With which the listing goes on; `null`: this was the end. */
  readonly cursor: string | null;
  /** Which state it shows. Given as `at` for the pages to come, they show the same. */
  readonly version: Version;
}

/** What a write came to. */
export interface Committed {
  readonly version: Version;
}

/** What is known of a database. Sizes are as of its last flush. */
export interface Statistics {
  readonly database: { readonly id: string; readonly name: string };
  /** Which worker owns it now; `null`: none. */
  readonly session: string | null;
  readonly epoch: number;
  readonly version: Version | null;
  readonly sizeBytes: number;
  readonly keys: number;
  readonly historyBytes: number;
  readonly unflushedBytes: number;
  readonly cacheBytes: number;
}

/** How many entries a listing has in all. @throws InvalidError what was given is no number of entries: it would list nothing, and pass for the end */
export function entriesInAll(limit: number | undefined): number {
  if (limit === undefined || limit === Infinity || (Number.isSafeInteger(limit) && limit >= 0))
    return limit ?? Infinity;
  throw new InvalidError({ code: 'invalid-limit', message: 'limit is a whole number of entries, or left out' });
}

export function wirePointInTime(at: PointInTime | undefined): string | undefined {
  return at instanceof Date ? wireTime(at) : at;
}

/** @throws InvalidError it is no time: what `new Date` makes of what it cannot read */
export function wireTime(time: Date): string {
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new InvalidError({ code: 'invalid-argument', message: 'a Date that is no time' });
}
