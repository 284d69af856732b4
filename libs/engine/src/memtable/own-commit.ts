import type { Commit, Entry, IdempotencyRecord, RangeDelete } from '../entry.js';
import { EMPTY_VALUE } from '../entry.js';
import { onlyEntryPlaces } from '../format/commit.js';

/** Larger commits are views on a buffer that is theirs alone, about; copying them would cost more than it gives back. */
const COPIED_ENTRIES = 16;

/** V8 keeps typed arrays up to here inside the object: no ArrayBuffer, no allocation outside of the heap. */
const ON_HEAP_BYTES = 64;

/** Above, an array is worth a buffer of its own wherever it lies. */
const COPIED_BYTES = 4 * 1024;

/**
 * The commit with arrays of its own where those that came hold on to something larger: keys and values are views on a request's body, a
 * pooled slab of 8 KiB or a segment of the log, and one small commit of an idle database would keep all of it in memory for days.
 *
 * A single entry shares what is long of it with the encoded commit, which is little more than that entry and is what the log keeps: so a
 * value that was written lies in memory once.
 *
 * @param encoded of this commit alone, in memory of its own
 */
export function ownCommit(commit: Commit, encoded?: Uint8Array): Commit {
  const { version, committedAt, entries, rangeDeletes, idempotency, usage } = commit;
  if (entries.length > COPIED_ENTRIES) return commit;
  const only = encoded !== undefined && entries.length === 1 ? entries[0] : undefined;
  return {
    version,
    committedAt,
    entries: only === undefined ? entries.map(ownEntry) : [sharedEntry(only, commit, encoded as Uint8Array)],
    rangeDeletes: rangeDeletes.length === 0 ? rangeDeletes : rangeDeletes.map(ownRangeDelete),
    idempotency: idempotency && ownRecord(idempotency),
    usage,
  };
}

/** Its key is the one that came, where that is short: {@link ownKey} is for who knows whether there is an equal one. */
function sharedEntry(entry: Entry, commit: Commit, encoded: Uint8Array): Entry {
  const { version, kind, expiresAt } = entry;
  const { keyAt, valueAt } = onlyEntryPlaces(commit, encoded.byteLength);
  const key = entry.key.length <= ON_HEAP_BYTES ? entry.key : sharedBytes(entry.key, encoded, keyAt);
  return { key, version, kind, value: sharedBytes(entry.value, encoded, valueAt), expiresAt };
}

/**
 * The key of an entry of a single-entry commit, as it is kept: versions of one key share it while it is short. A long one is a part of its own
 * commit, and would keep the value of that.
 */
export function ownKey(key: Uint8Array, equal: Uint8Array | undefined): Uint8Array {
  if (key.length > ON_HEAP_BYTES) return key;
  return equal ?? copyOf(key);
}

function sharedBytes(bytes: Uint8Array, encoded: Uint8Array, at: number): Uint8Array {
  const { length } = bytes;
  if (length <= ON_HEAP_BYTES) return copyOf(bytes);
  return new Uint8Array(encoded.buffer, encoded.byteOffset + at, length);
}

function ownEntry(entry: Entry): Entry {
  const { version, kind, expiresAt } = entry;
  return { key: ownBytes(entry.key), version, kind, value: ownBytes(entry.value), expiresAt };
}

function ownRangeDelete({ start, end, version }: RangeDelete): RangeDelete {
  return { start: ownBytes(start), end: end && ownBytes(end), version };
}

function ownRecord({ key, digest, version, expiresAt }: IdempotencyRecord): IdempotencyRecord {
  return { key: ownBytes(key), digest: ownBytes(digest), version, expiresAt };
}

function ownBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length === 0) return EMPTY_VALUE;
  // Asking for `buffer` would move a small array out of the heap; an offset tells of a view all the same.
  const isView = bytes.byteOffset !== 0 && length <= COPIED_BYTES;
  if (length > ON_HEAP_BYTES && !isView) return bytes;
  return copyOf(bytes);
}

function copyOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return EMPTY_VALUE;
  const own = new Uint8Array(bytes.length);
  own.set(bytes);
  return own;
}
