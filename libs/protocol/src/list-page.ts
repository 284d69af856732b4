import type { Version } from '@leasehold/foundation';
import { decodeUtf8, formatVersion } from '@leasehold/foundation';

import { encodeCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import type { ListEncoding, ListQuery } from './list-query.js';
import { ProblemError } from './problem.js';

export interface ListedEntry {
  readonly key: Uint8Array;
  readonly version: Version;
  readonly value: Uint8Array;
}

/**
 * The JSON text of a page: `{"entries":[{"key","value","version"}],"cursor":string|null}`; the cursor continues after
 * the last entry when more follow. A page of large values ends before its limit, at {@link LIMITS.pageBytes}.
 *
 * With `encoding=json` values stand in it as they were stored, so that numbers keep all their digits.
 * @throws ProblemError invalid-encoding when an entry cannot be shown; the page is all or nothing.
 */
export function formatListPage(entries: readonly ListedEntry[], more: boolean, query: ListQuery): string {
  const fitting = entries.slice(0, countFitting(entries));
  const last = fitting.at(-1);
  const cursor = last && (more || fitting.length < entries.length) ? encodeCursor(last.key, query) : null;
  const shown = fitting.map((entry) => formatEntry(entry, query.encoding)).join(',');
  return `{"entries":[${shown}],"cursor":${JSON.stringify(cursor)}}`;
}

/** How many of the first entries have at most {@link LIMITS.pageBytes} together; at least one, so that a listing always goes on. */
function countFitting(entries: readonly ListedEntry[]): number {
  let sizeBytes = 0;
  for (const [index, { key, value }] of entries.entries()) {
    sizeBytes += key.byteLength + value.byteLength;
    if (sizeBytes > LIMITS.pageBytes) return Math.max(1, index);
  }
  return entries.length;
}

function formatEntry(entry: ListedEntry, encoding: ListEncoding): string {
  const key = JSON.stringify(encoding === 'base64' ? base64(entry.key) : text(entry.key, 'key'));
  return `{"key":${key},"value":${formatValue(entry.value, encoding)},"version":"${formatVersion(entry.version)}"}`;
}

function formatValue(value: Uint8Array, encoding: ListEncoding): string {
  if (encoding === 'base64') return JSON.stringify(base64(value));
  const decoded = text(value, 'value');
  if (encoding === 'utf8') return JSON.stringify(decoded);
  try {
    JSON.parse(decoded);
  } catch {
    throw new ProblemError(
      'invalid-encoding',
      'a value on this page is not JSON; ask for encoding=utf8 or encoding=base64',
    );
  }
  return decoded.trim();
}

function text(bytes: Uint8Array, what: 'key' | 'value'): string {
  const decoded = decodeUtf8(bytes);
  if (decoded !== undefined) return decoded;
  throw new ProblemError('invalid-encoding', `a ${what} on this page is not UTF-8; ask for encoding=base64`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
