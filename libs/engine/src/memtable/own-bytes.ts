import type { Entry, IdempotencyRecord, RangeDelete } from '../entry.js';
import { EMPTY_VALUE } from '../entry.js';

/** V8 keeps typed arrays up to here inside the object: no ArrayBuffer, no allocation outside of the heap. */
export const ON_HEAP_BYTES = 64;

/** Above, an array is worth a buffer of its own wherever it lies. */
const COPIED_BYTES = 4 * 1024;

export function ownEntry(entry: Entry): Entry {
  const { version, kind, expiresAt } = entry;
  return { key: ownBytes(entry.key), version, kind, value: ownBytes(entry.value), expiresAt };
}

export function ownRangeDelete({ start, end, version }: RangeDelete): RangeDelete {
  return { start: ownBytes(start), end: end && ownBytes(end), version };
}

export function ownRecord({ key, digest, version, expiresAt }: IdempotencyRecord): IdempotencyRecord {
  return { key: ownBytes(key), digest: ownBytes(digest), version, expiresAt };
}

/**
 * The key of an entry of a single-entry commit, as it is kept: versions of one key share it while it is short. A long one is a part of its own
 * commit, and would keep the value of that.
 */
export function ownKey(key: Uint8Array, equal: Uint8Array | undefined): Uint8Array {
  if (key.length > ON_HEAP_BYTES) return key;
  return equal ?? copyOf(key);
}

/**
 * As a head keeps it when the memtable is gone, whose pieces of memory would be kept by a single view on them. What is nearly alone in its
 * memory stays where it is.
 */
export function settledEntry(entry: Entry): Entry {
  const { version, kind, expiresAt } = entry;
  return { key: settledBytes(entry.key), version, kind, value: settledBytes(entry.value), expiresAt };
}

export function settledBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  return length > ON_HEAP_BYTES && bytes.buffer.byteLength <= length * 2 ? bytes : copyOf(bytes);
}

function ownBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length === 0) return EMPTY_VALUE;
  // Asking for `buffer` would move a small array out of the heap; an offset tells of a view all the same.
  const isView = bytes.byteOffset !== 0 && length <= COPIED_BYTES;
  if (length > ON_HEAP_BYTES && !isView) return bytes;
  return copyOf(bytes);
}

export function copyOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return EMPTY_VALUE;
  const own = new Uint8Array(bytes.length);
  own.set(bytes);
  return own;
}
