import type { Version } from '@leasehold/foundation';
import { decodeUtf8, fromBase64Url, parseVersion, prefixEnd, toBase64Url, VERSION_ZERO } from '@leasehold/foundation';

import { LIMITS } from './limits.js';
import type { ListEncoding } from './list-query.js';
import { LIST_ENCODINGS } from './list-query.js';
import { ProblemError } from './problem.js';
import { parseQueryString } from './query-string.js';

/** Where a change feed begins, and what of the database it tells. */
export interface ChangesQuery {
  /** Commits after this version; undefined: after the last one there is when the feed begins. */
  readonly since: Version | undefined;
  /** Only keys that begin so. */
  readonly prefix: Uint8Array | undefined;
  readonly encoding: ListEncoding;
}

/** One part of a feed, on the hop from gateway to worker. Sequences alone order commits, so there are no epochs in it. */
export interface InternalChangesQuery {
  /** Undefined asks for the place of the last commit and for nothing more. */
  readonly since: number | undefined;
  readonly prefix: Uint8Array | undefined;
  readonly encoding: ListEncoding;
  /** How long the worker waits for a commit when there is none yet: 0 … {@link MAX_CHANGES_WAIT_MS}. */
  readonly waitMs: number;
  /** The part ends after so many commits, 1 … {@link MAX_CHANGES_COMMITS}; undefined: after as many as fit into it. */
  readonly maxCommits?: number;
}

/** Below the time for which connections may be silent, and often enough to keep an idle database from being given up. */
export const MAX_CHANGES_WAIT_MS = 30_000;

export const MAX_CHANGES_COMMITS = 1_000;

/** Of a worker's answer: the sequence up to which everything has been told, the `since` of the next part. */
export const THROUGH_HEADER = 'leasehold-through';

export const CHANGES_PARAMETERS = ['since', 'prefix', 'encoding'] as const;
const INTERNAL_PARAMETERS = ['since', 'prefix64', 'encoding', 'waitMs', 'maxCommits'];

/**
 * The public form. A client that resumes by itself repeats its URL and adds the `Last-Event-ID` that it saw: so the header, the later of the two, wins.
 * @throws ProblemError invalid-parameter, invalid-request (the header)
 */
export function parseChangesQuery(rawQuery: string, lastEventId: string | readonly string[] | undefined): ChangesQuery {
  const parameters = parseQueryString(rawQuery, CHANGES_PARAMETERS);
  const since = sinceOf(text(parameters, 'since'));
  const resumed = lastEventId === undefined || lastEventId === '' ? undefined : resumedAt(lastEventId);
  return {
    since: resumed ?? since,
    prefix: prefixOf('prefix', parameters.get('prefix')),
    encoding: encodingOf(text(parameters, 'encoding')),
  };
}

/** What {@link formatInternalChangesQuery} writes. @throws ProblemError invalid-parameter */
export function parseInternalChangesQuery(rawQuery: string): InternalChangesQuery {
  const parameters = parseQueryString(rawQuery, INTERNAL_PARAMETERS);
  const prefix64 = text(parameters, 'prefix64');
  const prefix = prefix64 === undefined ? undefined : fromBase64Url(prefix64);
  if (prefix64 !== undefined && prefix === undefined) throw invalid('not base64url: prefix64');
  const since = text(parameters, 'since');
  const maxCommits = text(parameters, 'maxCommits');
  return {
    since: since === undefined ? undefined : whole('since', since, Number.MAX_SAFE_INTEGER),
    prefix: prefixOf('prefix64', prefix),
    encoding: encodingOf(text(parameters, 'encoding')),
    waitMs: whole('waitMs', text(parameters, 'waitMs') ?? '0', MAX_CHANGES_WAIT_MS),
    // None is one: a part that may hold no commit would never get anywhere.
    ...(maxCommits === undefined
      ? {}
      : { maxCommits: Math.max(1, whole('maxCommits', maxCommits, MAX_CHANGES_COMMITS)) }),
  };
}

/** Without `?`. */
export function formatInternalChangesQuery({
  since,
  prefix,
  encoding,
  waitMs,
  maxCommits,
}: InternalChangesQuery): string {
  const parameters = new URLSearchParams({ encoding, waitMs: String(waitMs) });
  if (since !== undefined) parameters.set('since', String(since));
  if (prefix !== undefined) parameters.set('prefix64', toBase64Url(prefix));
  if (maxCommits !== undefined) parameters.set('maxCommits', String(maxCommits));
  return parameters.toString();
}

/** The keys that a feed tells of. */
export function changesRange(prefix: Uint8Array | undefined): {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
} {
  return prefix === undefined ? {} : { start: prefix, end: prefixEnd(prefix) };
}

function sinceOf(value: string | undefined): Version | undefined {
  if (value === undefined) return undefined;
  const version = value === '0' ? VERSION_ZERO : versionOf(value);
  if (version !== undefined) return version;
  throw invalid('since is 0 or a version as answered in ETag, without the quotes');
}

function resumedAt(lastEventId: string | readonly string[]): Version {
  const version = typeof lastEventId === 'string' ? versionOf(lastEventId) : undefined;
  if (version !== undefined) return version;
  throw new ProblemError('invalid-request', 'Last-Event-ID is the id of an event of this feed');
}

/** No commit has only one of its parts 0. */
function versionOf(value: string): Version | undefined {
  const version = parseVersion(value);
  return version !== undefined && (version.epoch === 0) === (version.sequence === 0) ? version : undefined;
}

function prefixOf(name: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined || bytes.byteLength === 0) return undefined;
  if (bytes.byteLength <= LIMITS.keyBytes) return bytes;
  throw invalid(`${name} has more than ${LIMITS.keyBytes} bytes`);
}

function encodingOf(value: string | undefined): ListEncoding {
  const encoding = value === undefined ? 'utf8' : LIST_ENCODINGS.find((known) => known === value);
  if (encoding !== undefined) return encoding;
  throw invalid(`encoding is one of ${LIST_ENCODINGS.join(', ')}`);
}

function whole(name: string, value: string, most: number): number {
  const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number <= most) return number;
  throw invalid(`${name} is a whole number from 0 to ${most}`);
}

function text(parameters: ReadonlyMap<string, Uint8Array>, name: string): string | undefined {
  const bytes = parameters.get(name);
  if (bytes === undefined) return undefined;
  const decoded = decodeUtf8(bytes);
  if (decoded !== undefined) return decoded;
  throw invalid(`query parameter is not UTF-8: ${name}`);
}

function invalid(detail: string): ProblemError {
  return new ProblemError('invalid-parameter', detail);
}
