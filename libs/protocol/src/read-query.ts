import { decodeUtf8 } from '@leasehold/foundation';

import type { PointInTime } from './point-in-time.js';
import { formatPointInTime, parsePointInTime } from './point-in-time.js';
import { ProblemError } from './problem.js';
import { parseQueryString } from './query-string.js';

export const READ_PARAMETERS = ['at', 'consistency'] as const;

/** What `GET keys/{key}` takes beside its key: which state to read; undefined: the present. */
export interface ReadQuery {
  readonly at: PointInTime | undefined;
}

const PRESENT: ReadQuery = { at: undefined };

/**
 * `consistency=strong` is what every read is anyway. `eventual` is refused: until an owner's unflushed commits have a bounded age, no bound
 * could be stated for what such a read would miss.
 * @throws ProblemError invalid-parameter
 */
export function parseReadQuery(rawQuery: string): ReadQuery {
  if (rawQuery === '') return PRESENT;
  const parameters = parseQueryString(rawQuery, READ_PARAMETERS);
  const consistency = textOf(parameters, 'consistency');
  if (consistency === 'eventual') {
    throw new ProblemError('invalid-parameter', 'consistency=eventual is not served: every read is strong');
  }
  if (consistency !== undefined && consistency !== 'strong') {
    throw new ProblemError('invalid-parameter', 'consistency is strong');
  }
  return { at: parseAt(textOf(parameters, 'at')) };
}

/** What {@link parseReadQuery} parses, with its `?`; empty for the present. */
export function formatReadQuery({ at }: ReadQuery): string {
  return at === undefined ? '' : `?${new URLSearchParams({ at: formatPointInTime(at) }).toString()}`;
}

/** @throws ProblemError invalid-parameter */
export function parseAt(text: string | undefined): PointInTime | undefined {
  if (text === undefined) return undefined;
  const at = parsePointInTime(text);
  if (at !== undefined) return at;
  const forms = 'a version as answered in ETag, without quotes, or a time of RFC 3339 from 1970 on';
  throw new ProblemError('invalid-parameter', `at is ${forms} (in a URL, + is %2B)`);
}

function textOf(parameters: ReadonlyMap<string, Uint8Array>, name: string): string | undefined {
  const bytes = parameters.get(name);
  if (bytes === undefined) return undefined;
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new ProblemError('invalid-parameter', `query parameter is not UTF-8: ${name}`);
  return text;
}
