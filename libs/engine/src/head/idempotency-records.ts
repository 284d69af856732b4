import {
  ByteReader,
  ByteWriter,
  CorruptBytesError,
  decodeVersionstamp,
  encodeVersionstamp,
  VERSIONSTAMP_BYTES,
} from '@leasehold/foundation';

import type { Entry, IdempotencyRecord } from '../entry.js';
import { compareEntries, putEntry } from '../entry.js';
import type { HeadIdempotency } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';

/** Retries come within seconds of the request: nearly all find their record here, without a request of their own. */
export const RECENT_RECORDS = 64;

/** What stays when {@link RECENT_RECORDS} overflow: a file holds at least as many as came since the one before. */
const KEPT_RECORDS = 32;

/** Compaction merges files of records from here on: a key that is not recent has to be looked for in each. */
export const IDEMPOTENCY_FILES = 8;

/** From here on records stay in the head until a compaction has been there, up to {@link CROWDED_RECORDS}. */
export const MOST_IDEMPOTENCY_FILES = 32;

/** So many records make a file all the same: a head may not grow without bound while no compaction comes. */
export const CROWDED_RECORDS = 4 * 1024;

/** @param writeFile makes a durable file of the entries, which are in order */
export async function extendIdempotency(
  present: HeadIdempotency,
  added: readonly IdempotencyRecord[],
  /** Wall ms of the last commit: what had expired by then is dropped. Commit times alone decide, so that no clock ahead forgets a request. */
  at: number,
  writeFile: (entries: readonly Entry[]) => Promise<SstRef>,
): Promise<HeadIdempotency> {
  const files = present.files.filter((ref) => ref.expiresThrough > at);
  const recent = [...present.recent, ...added].filter(({ expiresAt }) => expiresAt > at);
  const most = files.length < MOST_IDEMPOTENCY_FILES ? RECENT_RECORDS : CROWDED_RECORDS;
  if (recent.length <= most) return { files, recent, recentFrom: present.recentFrom };
  const moved = recent.slice(0, -KEPT_RECORDS);
  const last = moved[moved.length - 1] as IdempotencyRecord;
  const file = await writeFile(moved.map(entryOfRecord).sort(compareEntries));
  return { files: [file, ...files], recent: recent.slice(-KEPT_RECORDS), recentFrom: last.version.sequence + 1 };
}

/*
 * As it lies in a file of records, under its key:
 *
 *     | digest, 16 bytes | versionstamp, 10 bytes | expires at u48 |
 */
export function entryOfRecord({ key, digest, version, expiresAt }: IdempotencyRecord): Entry {
  const value = new ByteWriter().raw(digest).raw(encodeVersionstamp(version)).u48(expiresAt).toBytes();
  return putEntry(key, version, value, expiresAt);
}

const DIGEST_BYTES = 16;
const EXPIRY_BYTES = 6;

/** @throws CorruptBytesError on an entry that {@link entryOfRecord} does not make */
export function recordOfEntry({ key, value }: Entry): IdempotencyRecord {
  if (value.byteLength !== DIGEST_BYTES + VERSIONSTAMP_BYTES + EXPIRY_BYTES)
    throw new CorruptBytesError('not an idempotency record');
  const reader = new ByteReader(value);
  const digest = reader.raw(DIGEST_BYTES);
  const version = decodeVersionstamp(reader.raw(VERSIONSTAMP_BYTES));
  return { key, digest, version, expiresAt: reader.u48() };
}
