import type { Version } from '@leasehold/foundation';
import { formatVersion, parseVersion } from '@leasehold/foundation';

import { ProblemError } from './problem.js';

/** What a write demands of the present value: nothing, that there is none, that there is one, that it has this version. */
export type Precondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version'; readonly version: Version };

/** What a read asks: the value in any case, or only if its version is another one (304 otherwise). */
export type ReadCondition = { readonly kind: 'none' } | { readonly kind: 'other-than'; readonly version: Version };

/** Headers as Node gives them: names in lower case, repeated `if-…` headers joined by a comma. */
export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The precondition of PUT and DELETE: `If-None-Match: *`, `If-Match: *`, `If-Match: "version"`, or none of them.
 * @throws ProblemError invalid-precondition: both headers, a weak tag, a list, or anything else. Never ignored: a
 * conditional write that loses its condition overwrites somebody's data.
 */
export function parsePrecondition(headers: HeaderValues): Precondition {
  const ifMatch = single(headers, 'if-match');
  const ifNoneMatch = single(headers, 'if-none-match');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw invalid('give If-Match or If-None-Match, not both');
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw invalid('on a write, If-None-Match takes only *');
    return { kind: 'absent' };
  }
  if (ifMatch === undefined) return { kind: 'none' };
  return ifMatch === '*' ? { kind: 'present' } : { kind: 'version', version: parseEntityTag(ifMatch, 'If-Match') };
}

/** The condition of GET and HEAD: `If-None-Match: "version"`, or none. @throws ProblemError invalid-precondition */
export function parseReadCondition(headers: HeaderValues): ReadCondition {
  if (single(headers, 'if-match') !== undefined) throw invalid('on a read, only If-None-Match is taken');
  const ifNoneMatch = single(headers, 'if-none-match');
  if (ifNoneMatch === undefined) return { kind: 'none' };
  return { kind: 'other-than', version: parseEntityTag(ifNoneMatch, 'If-None-Match') };
}

/** The version as an entity tag: `"` 20 hexadecimal digits `"`. */
export function formatEntityTag(version: Version): string {
  return `"${formatVersion(version)}"`;
}

function parseEntityTag(text: string, header: string): Version {
  if (text.startsWith('W/')) throw invalid(`${header} takes no weak entity tags`);
  const quoted = /^"([0-9a-f]{20})"$/.exec(text)?.[1];
  const version = quoted === undefined ? undefined : parseVersion(quoted);
  if (!version) throw invalid(`${header} takes one entity tag as answered in ETag`);
  return version;
}

function single(headers: HeaderValues, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || typeof value === 'string') return value?.trim();
  throw invalid(`${name} is given more than once`);
}

function invalid(detail: string): ProblemError {
  return new ProblemError('invalid-precondition', detail);
}
