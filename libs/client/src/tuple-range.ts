import { compareBytes, concatBytes } from './bytes.js';
import { InvalidError } from './errors.js';
import type { ByteRange, DeletedRange } from './key-range.js';
import { isAll } from './key-range.js';
import type { Key } from './tuple.js';
import { encodeKey } from './tuple.js';

/**
 * Keys longer than `prefix` that begin with its parts, and lie from `start` on and before `end`; each may be missing. All of them are whole keys: a start or an
 * end has its prefix in it.
 */
export interface KeyRange {
  readonly prefix?: Key | undefined;
  readonly start?: Key | undefined;
  readonly end?: Key | undefined;
}

/** Below every kind of part, and above every one. */
const BEFORE_PARTS = [0x00];
const BEHIND_PARTS = [0xff];

/** @param base that all keys begin with, and that the range leaves out */
export function bytesOfRange(base: Key, { prefix = [], start, end }: KeyRange) {
  const all = encodeKey([...base, ...prefix]);
  const first = concatBytes(all, BEFORE_PARTS);
  const behind = concatBytes(all, BEHIND_PARTS);
  const from = start && encodeKey([...base, ...start]);
  const to = end && encodeKey([...base, ...end]);
  return {
    start: from !== undefined && compareBytes(from, first) > 0 ? from : first,
    end: to !== undefined && compareBytes(to, behind) < 0 ? to : behind,
  };
}

/** @throws InvalidError nothing bounds the range and nothing says that it is meant to be all, or both do */
export function bytesOfDeletedRange(base: Key, range: DeletedRange<KeyRange>): DeletedRange<ByteRange> {
  if (isAll(range)) return base.length === 0 ? { all: true } : bytesOfRange(base, {});
  const { prefix, start, end } = range;
  if ([prefix, start, end].every((key) => key === undefined || key.length === 0)) {
    throw new InvalidError({ code: 'invalid-range', message: 'give prefix, start or end, or all: true' });
  }
  return bytesOfRange(base, { prefix, start, end });
}
