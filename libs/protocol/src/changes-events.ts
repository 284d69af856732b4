import type { Version } from '@leasehold/foundation';
import { compareBytes, decodeUtf8, formatVersion, toBase64Url } from '@leasehold/foundation';

import { formatEvent } from './event-stream.js';
import type { ListEncoding } from './list-query.js';

/** What of a commit is told: its effects, whatever the conditions were. */
export interface ToldCommit {
  readonly version: Version;
  /** By key. */
  readonly entries: readonly {
    readonly key: Uint8Array;
    readonly kind: 'put' | 'delete';
    readonly value: Uint8Array;
    /** Wall ms; infinite for never. */
    readonly expiresAt: number;
  }[];
  /** Of what was there before the commit: its own puts stand above them. */
  readonly rangeDeletes: readonly { readonly start: Uint8Array; readonly end: Uint8Array | undefined }[];
}

export interface ToldRange {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
}

/**
 * A commit as one event: its version as id, and as data the JSON text
 *
 *     {"version":"…","changes":[
 *        {"op":"deleteRange","start":…,"end":…},         first, cut to the range of the feed; without end: to the last key
 *        {"op":"put","key":…,"value":…,"expiresAt":…},   expiresAt in ms, where it has one
 *        {"op":"delete","key":…} ]}
 *
 * so that doing the changes in their order repeats the commit. Members say how they are to be read: `key`, `value`, `start` and `end` are text,
 * `json` is a value as it was stored, and the same names with `64` behind are unpadded base64url, for bytes that the encoding cannot show.
 */
export function formatChangeEvent(commit: ToldCommit, encoding: ListEncoding, range: ToldRange = {}): string {
  const version = formatVersion(commit.version);
  const changes = [
    ...commit.rangeDeletes.map((rangeDelete) => formatRangeDelete(rangeDelete, encoding, range)),
    ...commit.entries.map((entry) => formatEntry(entry, encoding)),
  ];
  return formatEvent({ id: version, data: `{"version":"${version}","changes":[${changes.join(',')}]}` });
}

/** Moves the place where a reader resumes, and tells nothing. */
export function formatPosition(version: Version): string {
  return formatEvent({ id: formatVersion(version) });
}

function formatEntry(entry: ToldCommit['entries'][number], encoding: ListEncoding): string {
  const key = formatBytes('key', entry.key, encoding);
  if (entry.kind === 'delete') return `{"op":"delete",${key}}`;
  const expiry = Number.isFinite(entry.expiresAt) ? `,"expiresAt":${entry.expiresAt}` : '';
  return `{"op":"put",${key},${formatValue(entry.value, encoding)}${expiry}}`;
}

function formatRangeDelete(
  { start, end }: ToldCommit['rangeDeletes'][number],
  encoding: ListEncoding,
  range: ToldRange,
): string {
  const from = range.start !== undefined && compareBytes(range.start, start) > 0 ? range.start : start;
  const isCut = range.end !== undefined && (end === undefined || compareBytes(range.end, end) < 0);
  const to = isCut ? range.end : end;
  const bounds = [
    formatBytes('start', from, encoding),
    ...(to === undefined ? [] : [formatBytes('end', to, encoding)]),
  ];
  return `{"op":"deleteRange",${bounds.join(',')}}`;
}

function formatValue(value: Uint8Array, encoding: ListEncoding): string {
  if (encoding === 'json') {
    const text = decodeUtf8(value);
    if (text !== undefined && isJson(text)) return `"json":${text.trim()}`;
  }
  return formatBytes('value', value, encoding);
}

function formatBytes(name: string, bytes: Uint8Array, encoding: ListEncoding): string {
  const text = encoding === 'base64' ? undefined : decodeUtf8(bytes);
  return text === undefined ? `"${name}64":"${toBase64Url(bytes)}"` : `"${name}":${JSON.stringify(text)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
