import type { ByteRange } from '@leasehold/client';

import { base64UrlOf, behindAll, bytesOfBase64Url, compareBytes } from './bytes.js';
import { textOfKey, type KeyView } from './key-text.js';

/** Keys from `start` on and before `end`; undefined: no bound there. */
export interface KeyRange {
  readonly start: Uint8Array | undefined;
  readonly end: Uint8Array | undefined;
}

/** Without bounds. */
export const WHOLE: KeyRange = { start: undefined, end: undefined };

/** Between the bounds in an address, which base64url has not. */
const BETWEEN = '..';

export function isWhole({ start, end }: KeyRange): boolean {
  return start === undefined && end === undefined;
}

/** Whether its start does not come before its end: no key can lie in it. */
export function isBackwards({ start, end }: KeyRange): boolean {
  return start !== undefined && end !== undefined && compareBytes(start, end) >= 0;
}

/** `YQ..Yg`, each bound in base64url; empty: no bounds. */
export function addressOfRange({ start, end }: KeyRange): string {
  if (start === undefined && end === undefined) return '';
  return [start, end].map((bound) => (bound === undefined ? '' : base64UrlOf(bound))).join(BETWEEN);
}

/** What is no bound does not bound. */
export function rangeOfAddress(address: string): KeyRange {
  const [start, end] = address.split(BETWEEN).map((text) => (text === '' ? undefined : bytesOfBase64Url(text)));
  return { start, end };
}

/** As the data plane is asked for the keys of a range that begin so. */
export function byteRangeOf(prefix: Uint8Array, { start, end }: KeyRange): ByteRange {
  return { ...(prefix.length > 0 && { prefix }), ...(start && { start }), ...(end && { end }) };
}

/** The keys of a range that begin so, as a range. */
export function rangeBelow(prefix: Uint8Array, { start, end }: KeyRange): KeyRange {
  const all: KeyRange = prefix.length === 0 ? WHOLE : { start: prefix, end: behindAll(prefix) };
  return {
    start: all.start === undefined || (start !== undefined && compareBytes(start, all.start) > 0) ? start : all.start,
    end: all.end === undefined || (end !== undefined && compareBytes(end, all.end) < 0) ? end : all.end,
  };
}

/** Which keys of a database these are, for people: `The keys of shop that begin with orders/, from orders/2 on`. */
export function tellKeys(database: string, prefix: Uint8Array, range: KeyRange, view: KeyView): string {
  const bounds = [
    prefix.length > 0 && ` that begin with ${textOfKey(prefix, view)}`,
    range.start && ` from ${textOfKey(range.start, view)} on`,
    range.end && ` before ${textOfKey(range.end, view)}`,
  ].filter((bound) => typeof bound === 'string');
  return bounds.length === 0 ? `All keys of ${database}` : `The keys of ${database}${bounds.join(',')}`;
}
