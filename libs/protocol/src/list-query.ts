import { decodeUtf8, fromBase64Url, toBase64Url } from '@leasehold/foundation';

import type { ByteRange } from './byte-range.js';
import { byteRangeOf } from './byte-range.js';
import { decodeCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import type { ListRange } from './list-range.js';
import type { PointInTime } from './point-in-time.js';
import { formatPointInTime } from './point-in-time.js';
import { ProblemError } from './problem.js';
import { parseQueryString } from './query-string.js';
import { parseAt } from './read-query.js';

export const LIST_ENCODINGS = ['utf8', 'base64', 'json'] as const;
/** How keys and values stand in the page: `utf8` as text, `base64` both so, `json` keys as text and values as the JSON that they hold. */
export type ListEncoding = (typeof LIST_ENCODINGS)[number];

export interface ListQuery extends ListRange {
  /** 1 … 1000 entries. */
  readonly limit: number;
  /** As answered with the page before; already checked against the range. */
  readonly cursor: string | undefined;
  readonly encoding: ListEncoding;
  /** What is listed; undefined: the present. A cursor of a listing of the past goes on at the version of its first page. */
  readonly at: PointInTime | undefined;
}

export const LIST_PARAMETERS = ['prefix', 'start', 'end', 'limit', 'reverse', 'cursor', 'encoding', 'at'] as const;
type BoundName = 'prefix' | 'start' | 'end';
const INTERNAL_PARAMETERS = ['prefix64', 'start64', 'end64', 'limit', 'reverse', 'cursor', 'encoding', 'at'];

/**
 * The public form: prefix, start and end are percent-encoded bytes.
 * @param prefixOtherwise what a query that names no prefix is about
 * @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor
 */
export function parseListQuery(rawQuery: string, prefixOtherwise?: Uint8Array): ListQuery {
  const parameters = parseQueryString(rawQuery, LIST_PARAMETERS);
  const boundOf = (name: BoundName) => bound(name, parameters.get(name));
  return listQuery(parameters, (name) => boundOf(name) ?? (name === 'prefix' ? prefixOtherwise : undefined));
}

/** The form of the hop from gateway to worker: the bounds in base64url. @throws ProblemError as {@link parseListQuery} */
export function parseInternalListQuery(rawQuery: string): ListQuery {
  const parameters = parseQueryString(rawQuery, INTERNAL_PARAMETERS);
  return listQuery(parameters, (name) => {
    const encoded = text(parameters, `${name}64`);
    const bytes = encoded === undefined ? undefined : fromBase64Url(encoded);
    if (encoded !== undefined && !bytes) throw new ProblemError('invalid-parameter', `not base64url: ${name}64`);
    return bound(name, bytes);
  });
}

/** What {@link parseInternalListQuery} parses, without `?`. */
export function formatInternalListQuery(query: ListQuery): string {
  const parameters = new URLSearchParams({
    limit: String(query.limit),
    reverse: String(query.reverse),
    encoding: query.encoding,
  });
  for (const name of ['prefix', 'start', 'end'] as const) {
    const bytes = query[name];
    if (bytes) parameters.set(`${name}64`, toBase64Url(bytes));
  }
  if (query.cursor !== undefined) parameters.set('cursor', query.cursor);
  if (query.at !== undefined) parameters.set('at', formatPointInTime(query.at));
  return parameters.toString();
}

/** What is left to scan, cursor included. May be empty (start ≥ end). */
export function scanBounds(query: ListRange & Pick<ListQuery, 'cursor'>): ByteRange {
  const { start, end } = byteRangeOf(query);
  if (query.cursor === undefined) return { start, end };
  const { lastKey } = decodeCursor(query.cursor, query);
  if (lastKey.byteLength === 0) return { start, end };
  // The first key after it.
  return query.reverse ? { start, end: lastKey } : { start: Buffer.concat([lastKey, Buffer.from([0])]), end };
}

function listQuery(
  parameters: ReadonlyMap<string, Uint8Array>,
  boundOf: (name: BoundName) => Uint8Array | undefined,
): ListQuery {
  const range = {
    prefix: boundOf('prefix'),
    start: boundOf('start'),
    end: boundOf('end'),
    reverse: parseReverse(text(parameters, 'reverse')),
  };
  const cursor = text(parameters, 'cursor');
  return {
    ...range,
    limit: parseLimit(text(parameters, 'limit')),
    cursor,
    encoding: parseEncoding(text(parameters, 'encoding')),
    at: pinnedBy(cursor, range, parseAt(text(parameters, 'at'))),
  };
}

/**
 * The state that a listing goes on with: that of its cursor, if it holds on to one. Asking for a time and going on from there is one
 * listing, so that its version stands for the time.
 * @throws ProblemError invalid-cursor: damaged, of another range, or of another version than the one asked for
 */
export function pinnedBy(
  cursor: string | undefined,
  range: ListRange,
  at: PointInTime | undefined,
): PointInTime | undefined {
  const pin = cursor === undefined ? undefined : decodeCursor(cursor, range).pin;
  if (pin === undefined) return at;
  if (at !== undefined && 'version' in at && at.version.sequence !== pin.sequence) {
    throw new ProblemError('invalid-cursor', 'the cursor belongs to a listing at another version');
  }
  return { version: pin };
}

/** An empty bound is no bound. One longer than any key is refused: it is a mistake, and would only cost memory. */
function bound(name: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (!bytes || bytes.byteLength === 0) return undefined;
  if (bytes.byteLength > LIMITS.keyBytes) {
    throw new ProblemError('invalid-parameter', `${name} has more than ${LIMITS.keyBytes} bytes`);
  }
  return bytes;
}

/** Entries of a page, of whatever is listed: 1 … {@link LIMITS.listLimit}. @throws ProblemError invalid-limit */
export function parseLimit(value: string | undefined): number {
  if (value === undefined) return LIMITS.listDefault;
  const limit = /^[0-9]{1,4}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= LIMITS.listLimit) return limit;
  throw new ProblemError('invalid-limit', `limit is a whole number from 1 to ${LIMITS.listLimit}`);
}

function parseReverse(value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new ProblemError('invalid-parameter', 'reverse is true or false');
}

function parseEncoding(value: string | undefined): ListEncoding {
  const encoding = value === undefined ? 'utf8' : LIST_ENCODINGS.find((known) => known === value);
  if (encoding) return encoding;
  throw new ProblemError('invalid-parameter', `encoding is one of ${LIST_ENCODINGS.join(', ')}`);
}

function text(parameters: ReadonlyMap<string, Uint8Array>, name: string): string | undefined {
  const bytes = parameters.get(name);
  if (!bytes) return undefined;
  const decoded = decodeUtf8(bytes);
  if (decoded === undefined) throw new ProblemError('invalid-parameter', `query parameter is not UTF-8: ${name}`);
  return decoded;
}
