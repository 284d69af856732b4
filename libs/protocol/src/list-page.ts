import type { Version } from '@leasehold/foundation';
import { decodeUtf8, formatVersion } from '@leasehold/foundation';

import { decodeCursor, encodeCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import type { ListEncoding } from './list-query.js';
import type { ListRange } from './list-range.js';
import { ProblemError } from './problem.js';

export interface ListedEntry {
  readonly key: Uint8Array;
  readonly version: Version;
  readonly value: Uint8Array;
}

/** How a page is shown: the range and the cursor that was asked for, so that its own cursor goes on from there, and the encoding. */
export type PageForm = ListRange & { readonly cursor: string | undefined; readonly encoding: ListEncoding };

/**
 * The JSON text of a page: `{"entries":[{"key","value","version"}],"cursor":string|null}`; the cursor continues after
 * the last entry when more may follow. A page of large values ends before its limit, see {@link shownEntries}.
 *
 * With `encoding=json` values stand in it as they were stored, so that numbers keep all their digits.
 * @param pin the version that the pages to come have to show as well; undefined: each shows the present
 * @throws ProblemError invalid-encoding when an entry cannot be shown; the page is all or nothing.
 */
export function formatListPage(entries: readonly ListedEntry[], more: boolean, form: PageForm, pin?: Version): string {
  return [...listPageParts(entries, more, form, pin)].join('');
}

/** The same text bit by bit, for who makes a long page in turns: an entry is made when it is asked for. */
export function* listPageParts(
  entries: readonly ListedEntry[],
  more: boolean,
  form: PageForm,
  pin?: Version,
): Generator<string> {
  const shown = shownEntries(entries);
  const goesOn = more || shown.length < entries.length;
  const cursor = goesOn ? encodeCursor({ lastKey: shown.at(-1)?.key ?? placeBefore(form), pin }, form) : null;
  yield '{"entries":[';
  for (const [index, entry] of shown.entries()) {
    yield index === 0 ? formatEntry(entry, form.encoding) : `,${formatEntry(entry, form.encoding)}`;
  }
  yield `],"cursor":${JSON.stringify(cursor)}}`;
}

/** A page for which there was no room goes on where it should have begun. */
function placeBefore(form: PageForm): Uint8Array {
  return form.cursor === undefined ? new Uint8Array(0) : decodeCursor(form.cursor, form).lastKey;
}

/** As many of the first entries as have at most {@link LIMITS.pageBytes} together; at least one, so that a listing always goes on. */
export function shownEntries(entries: readonly ListedEntry[]): readonly ListedEntry[] {
  let sizeBytes = 0;
  for (const [index, entry] of entries.entries()) {
    sizeBytes += entryBytes(entry);
    if (sizeBytes > LIMITS.pageBytes) return entries.slice(0, Math.max(1, index));
  }
  return entries;
}

/** Of key and value. */
export function entryBytes({ key, value }: ListedEntry): number {
  return key.byteLength + value.byteLength;
}

function formatEntry(entry: ListedEntry, encoding: ListEncoding): string {
  const key = JSON.stringify(encoding === 'base64' ? base64(entry.key) : text(entry.key, 'key'));
  return `{"key":${key},"value":${formatValue(entry.value, encoding)},"version":"${formatVersion(entry.version)}"}`;
}

/** The JSON text of a value. @throws ProblemError invalid-encoding */
export function formatValue(value: Uint8Array, encoding: ListEncoding): string {
  if (encoding === 'base64') return JSON.stringify(base64(value));
  const decoded = text(value, 'value');
  if (encoding === 'utf8') return JSON.stringify(decoded);
  try {
    JSON.parse(decoded);
  } catch {
    throw new ProblemError(
      'invalid-encoding',
      'a value of the answer is not JSON; ask for encoding=utf8 or encoding=base64',
    );
  }
  return decoded.trim();
}

function text(bytes: Uint8Array, what: 'key' | 'value'): string {
  const decoded = decodeUtf8(bytes);
  if (decoded !== undefined) return decoded;
  throw new ProblemError('invalid-encoding', `a ${what} of the answer is not UTF-8; ask for encoding=base64`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
