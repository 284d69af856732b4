import { createHash } from 'node:crypto';

import type { Version } from '@leasehold/foundation';
import {
  compareBytes,
  decodeVersionstamp,
  encodeVersionstamp,
  equalBytes,
  fromBase64Url,
  toBase64Url,
  VERSIONSTAMP_BYTES,
} from '@leasehold/foundation';

import { byteRangeOf } from './byte-range.js';
import { LIMITS } from './limits.js';
import type { ListRange } from './list-range.js';
import { ProblemError } from './problem.js';

const CURSOR_VERSION = 1;
const DIGEST_BYTES = 8;
const HEADER_BYTES = 2 + DIGEST_BYTES;
const REVERSE = 1;
const PINNED = 2;
const NO_PIN = new Uint8Array(0);

/** Where a listing goes on. */
export interface CursorPosition {
  /** Of the page before; empty: nothing was shown yet. */
  readonly lastKey: Uint8Array;
  /** Of the past that is listed; undefined: each page shows the present. */
  readonly pin: Version | undefined;
}

/**
 * A position as text, base64url:
 *
 *     0         1       2        10
 *     | version | flags | digest | versionstamp, of a listing of the past | last key of the page before |
 *
 * Flags: 1 backwards, 2 with a versionstamp. The digest covers everything else here and the range of the listing: a cursor that was
 * altered, or is used with another prefix, start, end or direction, is refused instead of skipping entries in silence. It is no
 * secret, and anybody can make one: so the last key has to lie in the range, or a cursor would lead out of what its bearer may list.
 */
export function encodeCursor({ lastKey, pin }: CursorPosition, range: ListRange): string {
  const stamp = pin === undefined ? NO_PIN : encodeVersionstamp(pin);
  const head = Buffer.from([CURSOR_VERSION, flagsOf(pin !== undefined, range)]);
  return toBase64Url(Buffer.concat([head, digest(stamp, lastKey, range), stamp, lastKey]));
}

/** @throws ProblemError invalid-cursor */
export function decodeCursor(cursor: string, range: ListRange): CursorPosition {
  const bytes = fromBase64Url(cursor);
  const isPinned = ((bytes?.[1] ?? 0) & PINNED) !== 0;
  const keyAt = HEADER_BYTES + (isPinned ? VERSIONSTAMP_BYTES : 0);
  if (!bytes || bytes.byteLength < keyAt || bytes.byteLength > keyAt + LIMITS.keyBytes) throw invalid();
  const stamp = bytes.subarray(HEADER_BYTES, keyAt);
  const lastKey = bytes.subarray(keyAt);
  const matches =
    bytes[0] === CURSOR_VERSION &&
    bytes[1] === flagsOf(isPinned, range) &&
    equalBytes(bytes.subarray(2, HEADER_BYTES), digest(stamp, lastKey, range));
  if (!matches || !isWithin(lastKey, range)) throw invalid();
  return { lastKey, pin: isPinned ? decodeVersionstamp(stamp) : undefined };
}

/** None was shown yet, or one of the range. */
function isWithin(lastKey: Uint8Array, range: ListRange): boolean {
  const { start, end } = byteRangeOf(range);
  if (lastKey.byteLength === 0) return true;
  return (
    (start === undefined || compareBytes(lastKey, start) >= 0) && (end === undefined || compareBytes(lastKey, end) < 0)
  );
}

function flagsOf(isPinned: boolean, { reverse }: ListRange): number {
  return (reverse ? REVERSE : 0) | (isPinned ? PINNED : 0);
}

function digest(stamp: Uint8Array, lastKey: Uint8Array, range: ListRange): Uint8Array {
  const hash = createHash('sha256').update(Buffer.from([CURSOR_VERSION, range.reverse ? 1 : 0]));
  const pin = stamp.byteLength > 0 ? [stamp] : [];
  for (const part of [range.prefix, range.start, range.end, lastKey, ...pin]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part?.byteLength ?? 0);
    hash.update(length).update(part ?? new Uint8Array(0));
  }
  return hash.digest().subarray(0, DIGEST_BYTES);
}

function invalid(): ProblemError {
  return new ProblemError(
    'invalid-cursor',
    'the cursor is damaged, or belongs to another prefix, start, end or reverse',
  );
}
