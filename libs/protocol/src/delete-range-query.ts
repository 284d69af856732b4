import { fromBase64Url, toBase64Url } from '@leasehold/foundation';

import type { ByteRange } from './byte-range.js';
import { byteRangeOf } from './byte-range.js';
import { LIMITS } from './limits.js';
import { ProblemError } from './problem.js';
import { parseQueryString } from './query-string.js';

export const DELETE_RANGE_PARAMETERS = ['prefix', 'start', 'end', 'all'] as const;
const INTERNAL_PARAMETERS = ['start64', 'end64', 'all'];

/**
 * What `DELETE keys` takes: `prefix`, `start`, `end` as percent-encoded bytes, or `all=true` to empty the database. A request that names no
 * bound is a mistake more often than a wish. An empty bound is refused, too: it is what a variable without a value turns into.
 * @throws ProblemError invalid-parameter
 */
export function parseDeleteRangeQuery(rawQuery: string): ByteRange {
  const parameters = parseQueryString(rawQuery, DELETE_RANGE_PARAMETERS);
  const bound = (name: string): Uint8Array | undefined => checkBound(name, parameters.get(name));
  const bounds = { prefix: bound('prefix'), start: bound('start'), end: bound('end') };
  checkMeaning(bounds, parameters.get('all'), 'give prefix, start or end; or all=true, which deletes every key');
  return byteRangeOf(bounds);
}

/** The form of the hop: the bounds in base64url. @throws ProblemError invalid-parameter */
export function parseInternalDeleteRangeQuery(rawQuery: string): ByteRange {
  const parameters = parseQueryString(rawQuery, INTERNAL_PARAMETERS);
  const bound = (name: string): Uint8Array | undefined => {
    const encoded = parameters.get(name);
    const bytes = encoded && fromBase64Url(Buffer.from(encoded).toString('latin1'));
    if (encoded !== undefined && bytes === undefined) {
      throw new ProblemError('invalid-parameter', `not base64url: ${name}`);
    }
    return checkBound(name, bytes);
  };
  const range = { start: bound('start64'), end: bound('end64') };
  checkMeaning(range, parameters.get('all'), 'the hop names no range');
  return range;
}

/** What {@link parseInternalDeleteRangeQuery} parses, without `?`. */
export function formatInternalDeleteRangeQuery({ start, end }: ByteRange): string {
  const parameters = new URLSearchParams();
  if (start !== undefined) parameters.set('start64', toBase64Url(start));
  if (end !== undefined) parameters.set('end64', toBase64Url(end));
  if (start === undefined && end === undefined) parameters.set('all', 'true');
  return parameters.toString();
}

function checkBound(name: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.byteLength === 0) throw new ProblemError('invalid-parameter', `${name} is empty`);
  if (bytes.byteLength <= LIMITS.keyBytes) return bytes;
  throw new ProblemError('invalid-parameter', `${name} has more than ${LIMITS.keyBytes} bytes`);
}

/** Everything is deleted only for who says so. */
function checkMeaning(bounds: object, all: Uint8Array | undefined, otherwise: string): void {
  if (all !== undefined && Buffer.from(all).toString('latin1') !== 'true') {
    throw new ProblemError('invalid-parameter', 'all is true, or not given');
  }
  const isBounded = Object.values(bounds).some((bound) => bound !== undefined);
  if (isBounded === (all !== undefined)) throw new ProblemError('invalid-parameter', otherwise);
}
