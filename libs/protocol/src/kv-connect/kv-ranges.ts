import { compareBytes, prefixEnd } from '@leasehold/foundation';

import type { ByteRange } from '../byte-range.js';
import { LIMITS } from '../limits.js';
import type { KvReadRange } from './snapshot-read.js';

/** The range as Leasehold asks for it, where an empty bound is none; undefined when no key lies in it. */
export function keyRangeOf({ start, end }: Pick<KvReadRange, 'start' | 'end'>): ByteRange | undefined {
  // Everything lies after an empty start, and nothing before an empty end.
  if (end.byteLength === 0 || compareBytes(start, end) >= 0) return undefined;
  const from = boundOf(start);
  return from === undefined ? undefined : { start: from.byteLength === 0 ? undefined : from, end: boundOf(end) };
}

/** What of a range lies behind an entry that was read. */
export function rangeBehind(range: ByteRange, lastKey: Uint8Array, reverse: boolean): ByteRange | undefined {
  if (reverse) return { ...range, end: lastKey };
  const start = boundOf(Buffer.concat([lastKey, Uint8Array.of(0)]));
  return start && { ...range, start };
}

/**
 * A bound that is longer than any key lies between the key that it begins with and whatever is above that; undefined when nothing is.
 */
function boundOf(bound: Uint8Array): Uint8Array | undefined {
  return bound.byteLength <= LIMITS.keyBytes ? bound : prefixEnd(bound.subarray(0, LIMITS.keyBytes));
}
