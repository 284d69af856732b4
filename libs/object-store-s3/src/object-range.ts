import { assert } from '@leasehold/foundation';
import type { GetOptions } from '@leasehold/object-store';

export type ObjectRange = NonNullable<GetOptions['range']>;

export function rangeHeader(range: ObjectRange): string {
  if ('suffix' in range) {
    assert(Number.isSafeInteger(range.suffix) && range.suffix > 0, 'a suffix has at least one byte');
    return `bytes=-${range.suffix}`;
  }
  assert(
    Number.isSafeInteger(range.start) && range.start >= 0 && range.end > range.start,
    'a range has at least one byte',
  );
  return `bytes=${range.start}-${range.end - 1}`;
}

/** The most bytes that an answer to it may have. */
export function rangeBytes(range: ObjectRange): number {
  return 'suffix' in range ? range.suffix : range.end - range.start;
}

/**
 * The whole object's size out of `bytes 0-9/1234`.
 * @throws Error when these are not the bytes that were asked for, or more or fewer than have come
 */
export function totalOfRange(range: ObjectRange, contentRange: string | undefined, receivedBytes: number): number {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange ?? '');
  if (match === null) throw new Error('the answer is not the range that was asked for');
  const [first, last, total] = match.slice(1).map(Number) as [number, number, number];
  const start = 'suffix' in range ? Math.max(0, total - range.suffix) : range.start;
  const end = 'suffix' in range ? total : Math.min(range.end, total);
  if (first !== start || last + 1 !== end || receivedBytes !== end - start)
    throw new Error('the answer is not the range that was asked for');
  return total;
}
