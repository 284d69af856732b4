import { compareBytes, prefixEnd } from '@leasehold/foundation';

/** Keys from `start` on, and before `end`; undefined: no bound there. May be empty (start ≥ end). */
export interface ByteRange {
  readonly start: Uint8Array | undefined;
  readonly end: Uint8Array | undefined;
}

/** What clients say: keys that begin with `prefix` and lie in [start, end). An absent or empty bound is none. */
export interface RangeBounds extends ByteRange {
  readonly prefix: Uint8Array | undefined;
}

export function byteRangeOf({ prefix, start, end }: RangeBounds): ByteRange {
  const first = prefix && prefix.byteLength > 0 ? prefix : undefined;
  const after = first && prefixEnd(first);
  const isLater = start !== undefined && (first === undefined || compareBytes(start, first) > 0);
  const isEarlier = end !== undefined && (after === undefined || compareBytes(end, after) < 0);
  return { start: isLater ? start : first, end: isEarlier ? end : after };
}
