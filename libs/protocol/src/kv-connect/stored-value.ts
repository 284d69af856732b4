import { startsWith } from '@leasehold/foundation';

import type { KvEncoding, KvValue } from './kv-encoding.js';
import { encodingNumber, encodingOfNumber, LE64_BYTES } from './kv-encoding.js';

/** No UTF-8, no JSON, no MessagePack and no valid CBOR begins so. */
const MAGIC = Uint8Array.of(0xc1, 0x4b, 0x56);
const PREFIX_BYTES = MAGIC.byteLength + 1;

/**
 * Values of Leasehold are bytes, those of KV Connect bytes and how to read them. So a value that was written by KV Connect is stored as
 *
 *     0            3          4
 *     | C1 4B 56   | encoding | data |       V8 1, LE64 2, BYTES 3
 *
 * and a value without such a beginning is itself, read as BYTES: what HTTP clients wrote is a Uint8Array to KV Connect, and a Uint8Array that KV
 * Connect wrote is stored as it is, for everybody to read. Only one that looks like the above is stored with the beginning for BYTES.
 *
 * Total, and exact in both directions: whatever is stored can be read, a value is read as it was written, and what is read and
 * written again is stored as it was.
 */
export function encodeStoredValue({ encoding, data }: KvValue): Uint8Array {
  if (encoding === 'bytes' && tagOf(data) === undefined) return data;
  return Buffer.concat([storedPrefix(encoding), data]);
}

export function decodeStoredValue(stored: Uint8Array): KvValue {
  const encoding = tagOf(stored);
  return encoding === undefined
    ? { encoding: 'bytes', data: stored }
    : { encoding, data: stored.subarray(PREFIX_BYTES) };
}

/** What stands before the data of a value. */
export function storedPrefix(encoding: KvEncoding): Uint8Array {
  return Uint8Array.of(...MAGIC, encodingNumber(encoding));
}

/** How to read what follows the beginning; undefined where there is none, or where it does not fit what follows. */
function tagOf(stored: Uint8Array): KvEncoding | undefined {
  if (stored.byteLength < PREFIX_BYTES || !startsWith(stored, MAGIC)) return undefined;
  const encoding = encodingOfNumber(stored[MAGIC.byteLength] as number);
  if (encoding === 'le64' && stored.byteLength !== PREFIX_BYTES + LE64_BYTES) return undefined;
  // Nobody has reason to write it before bytes that cannot be misread.
  if (encoding === 'bytes' && tagOf(stored.subarray(PREFIX_BYTES)) === undefined) return undefined;
  return encoding;
}
