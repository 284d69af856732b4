import type { Entry, KeyRange } from '../entry.js';
import { compareKeys } from '../entry.js';

/** The newest entry of `key` in a head's inline run, up to a sequence. */
export function inlineGet(inline: readonly Entry[], key: Uint8Array, through: number): Entry | undefined {
  for (let i = firstAtOrAfter(inline, key); i < inline.length; i++) {
    const entry = inline[i] as Entry;
    if (compareKeys(entry.key, key) !== 0) return undefined;
    if (entry.version.sequence <= through) return entry;
  }
  return undefined;
}

/** The part of the run in the range, in order or exactly backwards. */
export function* inlineEntries(inline: readonly Entry[], range: KeyRange, reverse: boolean): Generator<Entry> {
  const from = range.start === undefined ? 0 : firstAtOrAfter(inline, range.start);
  const to = range.end === undefined ? inline.length : firstAtOrAfter(inline, range.end);
  if (reverse) for (let i = to - 1; i >= from; i--) yield inline[i] as Entry;
  else for (let i = from; i < to; i++) yield inline[i] as Entry;
}

function firstAtOrAfter(inline: readonly Entry[], key: Uint8Array): number {
  let low = 0;
  let high = inline.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys((inline[middle] as Entry).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
