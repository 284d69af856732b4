import { createHash } from 'node:crypto';

import { equalBytes, fromBase64Url, toBase64Url } from '@leasehold/foundation';

import { LIMITS } from './limits.js';
import type { ListRange } from './list-range.js';
import { ProblemError } from './problem.js';

const CURSOR_VERSION = 1;
const DIGEST_BYTES = 8;
const HEADER_BYTES = 2 + DIGEST_BYTES;

/**
 * Where a listing goes on, base64url:
 *
 *     0         1           2          10
 *     | version | direction | digest   | last key of the page before |
 *
 * The digest covers everything else here and the range of the listing: a cursor that was altered, or is used with
 * another prefix, start, end or direction, is refused instead of skipping entries in silence. It is no secret: with a
 * forged cursor one sees what one may list anyway.
 */
export function encodeCursor(lastKey: Uint8Array, range: ListRange): string {
  const head = Buffer.from([CURSOR_VERSION, range.reverse ? 1 : 0]);
  return toBase64Url(Buffer.concat([head, digest(lastKey, range), lastKey]));
}

/** @returns the last key of the page before. @throws ProblemError invalid-cursor */
export function decodeCursor(cursor: string, range: ListRange): Uint8Array {
  const bytes = fromBase64Url(cursor);
  if (!bytes || bytes.byteLength <= HEADER_BYTES || bytes.byteLength > HEADER_BYTES + LIMITS.keyBytes) throw invalid();
  const lastKey = bytes.subarray(HEADER_BYTES);
  const matches =
    bytes[0] === CURSOR_VERSION &&
    bytes[1] === (range.reverse ? 1 : 0) &&
    equalBytes(bytes.subarray(2, HEADER_BYTES), digest(lastKey, range));
  if (!matches) throw invalid();
  return lastKey;
}

function digest(lastKey: Uint8Array, range: ListRange): Uint8Array {
  const hash = createHash('sha256').update(Buffer.from([CURSOR_VERSION, range.reverse ? 1 : 0]));
  for (const part of [range.prefix, range.start, range.end, lastKey]) {
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
