import type { Version } from '@leasehold/foundation';
import { concatBytes, formatVersion, utf8 } from '@leasehold/foundation';

import type { Span } from './key-ranges.js';

/** A text, in keys that are made of typed parts (the tuples of Deno KV). */
const TEXT = 0x02;
const END_OF_TEXT = 0x00;

/** Two of them are one byte of the versionstamp. */
const DIGITS = 20;

export const VERSIONSTAMP_SUFFIX_BYTES = 1 + DIGITS + 1;

/**
 * The key that a commit writes, and that nobody could name before:
 *
 *     | key | 02 | 20 lower-case hexadecimal digits of the versionstamp | 00 |
 *
 * which Deno KV reads as one more part of the key, a text. Keys of later commits come later.
 */
export function versionstampedKey(key: Uint8Array, version: Version): Uint8Array {
  return concatBytes(key, Uint8Array.of(TEXT), utf8(formatVersion(version)), Uint8Array.of(END_OF_TEXT));
}

/** Where that key will lie. */
export function versionstampedSpan(key: Uint8Array): Span {
  return { start: concatBytes(key, Uint8Array.of(TEXT)), end: concatBytes(key, Uint8Array.of(TEXT + 1)) };
}
