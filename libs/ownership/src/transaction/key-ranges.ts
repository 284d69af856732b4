import { compareBytes } from '@leasehold/foundation';
import type { KeyRange, RangeDelete } from '@leasehold/engine';

/** A range with its beginning named; `end` undefined: to the last key. */
export type Span = Pick<RangeDelete, 'start' | 'end'>;

const FIRST_KEY = new Uint8Array(0);

/** Undefined for a range that holds no key. */
export function spanOf({ start = FIRST_KEY, end }: KeyRange): Span | undefined {
  return end !== undefined && compareBytes(start, end) >= 0 ? undefined : { start, end };
}

export function spanHolds({ start, end }: Span, key: Uint8Array): boolean {
  return compareBytes(key, start) >= 0 && (end === undefined || compareBytes(key, end) < 0);
}

/** @param spans joined */
export function anySpanHolds(spans: readonly Span[], key: Uint8Array): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((spans[middle] as Span).start, key) <= 0) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  return span !== undefined && spanHolds(span, key);
}

/** Whether any of these holds a key that any of those holds. Both are joined. */
export function spansMeet(these: readonly Span[], those: readonly Span[]): boolean {
  for (let i = 0, j = 0; ;) {
    const a = these[i];
    const b = those[j];
    if (a === undefined || b === undefined) return false;
    if (!reaches(a, b)) i += 1;
    else if (!reaches(b, a)) j += 1;
    else return true;
  }
}

/** The same keys in as few spans as can be, in order: those that overlap or touch are one. */
export function joinedSpans(spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  const joined: Span[] = [];
  for (const next of [...spans].sort((a, b) => compareBytes(a.start, b.start))) {
    const last = joined.at(-1);
    if (last === undefined || (last.end !== undefined && compareBytes(last.end, next.start) < 0)) joined.push(next);
    else joined[joined.length - 1] = { start: last.start, end: laterEnd(last.end, next.end) };
  }
  return joined;
}

/** `a` ends after `b` starts. */
function reaches(a: Span, b: Span): boolean {
  return a.end === undefined || compareBytes(a.end, b.start) > 0;
}

function laterEnd(a: Span['end'], b: Span['end']): Span['end'] {
  if (a === undefined || b === undefined) return undefined;
  return compareBytes(a, b) > 0 ? a : b;
}
