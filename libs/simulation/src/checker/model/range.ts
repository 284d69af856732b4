import type { RangeText } from '../../history/history.js';

export function rangeHolds({ start, end }: RangeText, key: string): boolean {
  return key >= start && (end === undefined || key < end);
}

/** Whether any key could lie in both. */
export function rangesMeet(a: RangeText, b: RangeText): boolean {
  return reaches(a, b) && reaches(b, a);
}

/** The same keys in as few ranges as can be, in order; those that hold no key are gone. */
export function joinedRanges(ranges: readonly RangeText[]): readonly RangeText[] {
  const joined: RangeText[] = [];
  const sorted = ranges.filter(({ start, end }) => end === undefined || start < end);
  for (const next of sorted.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)))) {
    const last = joined.at(-1);
    if (last === undefined || (last.end !== undefined && last.end < next.start)) joined.push(next);
    else joined[joined.length - 1] = { start: last.start, end: later(last.end, next.end) };
  }
  return joined;
}

/** `a` ends after `b` starts. */
function reaches(a: RangeText, b: RangeText): boolean {
  return a.end === undefined || a.end > b.start;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}
