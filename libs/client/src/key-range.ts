import { compareBytes, concatBytes, prefixEnd, toBase64Url, utf8 } from './bytes.js';
import { InvalidError } from './errors.js';

/** Any bytes, 1 to 2,048 of them; a text stands for its UTF-8. */
export type ByteKey = Uint8Array | string;

/** Keys that begin with `prefix`, and lie from `start` on and before `end`; each bound may be missing. */
export interface ByteRange {
  readonly prefix?: ByteKey | undefined;
  readonly start?: ByteKey | undefined;
  readonly end?: ByteKey | undefined;
}

/** To delete every key one has to say so, and nothing beside it: a variable without a value must not, nor a prefix that was meant to count. */
export type DeletedRange<Range> =
  Range | { readonly all: true; readonly prefix?: never; readonly start?: never; readonly end?: never };

/** From `start` on and before `end`; undefined: to the first or last key. */
export interface Bounds {
  readonly start: Uint8Array | undefined;
  readonly end: Uint8Array | undefined;
}

export function keyBytes(key: ByteKey): Uint8Array {
  return typeof key === 'string' ? utf8(key) : key;
}

/** The same keys without the prefix. An empty bound is none. */
export function boundsOf({ prefix, start, end }: ByteRange): Bounds {
  const first = bound(prefix);
  return {
    start: larger(first, bound(start)),
    end: smaller(first && prefixEnd(first), bound(end)),
  };
}

/** Whether every key is meant. @throws InvalidError a bound stands beside it, which could mean less */
export function isAll(range: object): range is { readonly all: true } {
  if (!('all' in range) || !range.all) return false;
  if ('prefix' in range || 'start' in range || 'end' in range) {
    throw new InvalidError({ code: 'invalid-range', message: 'all: true takes no prefix, start or end beside it' });
  }
  return true;
}

/** @throws InvalidError nothing bounds the range and nothing says that it is meant to be all, or both do */
export function deletedBounds(range: DeletedRange<ByteRange>): Bounds {
  if (isAll(range)) return { start: undefined, end: undefined };
  const bounds = boundsOf(range);
  if (bounds.start !== undefined || bounds.end !== undefined) return bounds;
  throw new InvalidError({ code: 'invalid-range', message: 'give prefix, start or end, or all: true' });
}

/** As bodies name a range. */
export function wireRange({ start, end }: Bounds): Record<string, unknown> {
  if (start === undefined && end === undefined) return { all: true };
  return { start64: start && toBase64Url(start), end64: end && toBase64Url(end) };
}

export function keyAfter(key: Uint8Array): Uint8Array {
  return concatBytes(key, [0]);
}

export function isWithin(key: Uint8Array, { start, end }: Bounds): boolean {
  return (start === undefined || compareBytes(start, key) <= 0) && (end === undefined || compareBytes(key, end) < 0);
}

function bound(key: ByteKey | undefined): Uint8Array | undefined {
  const bytes = key === undefined ? undefined : keyBytes(key);
  return bytes?.length === 0 ? undefined : bytes;
}

function larger(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBytes(a, b) < 0 ? b : a;
}

function smaller(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBytes(a, b) < 0 ? a : b;
}
