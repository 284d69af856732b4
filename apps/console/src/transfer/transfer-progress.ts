import { countOf, formatCount } from '../parts/format.js';

/** Said aloud at each tenth, and where nobody knows how much there is at each so many entries. */
const TENTHS = 10;
const SPOKEN_ENTRIES = 10_000;

/** From 0 to 1. Undefined: nobody knows how much there is, or it has turned out to be more. */
export function shareOf(done: number, total: number | undefined): number | undefined {
  return total === undefined || total === 0 || done > total ? undefined : done / total;
}

/** The same words until there is something to say: a screen reader reads each change. */
export function spokenProgress(entries: number, share: number | undefined): string {
  if (share !== undefined) return `${Math.floor(share * TENTHS) * (100 / TENTHS)} percent`;
  const round = Math.floor(entries / SPOKEN_ENTRIES) * SPOKEN_ENTRIES;
  return round === 0 ? 'It has begun' : `${formatCount(round)} entries so far`;
}

/** `1 entry`, `5,003 entries`. */
export function entriesText(entries: number): string {
  return countOf(entries, 'entry', 'entries');
}

/** `1,000 of about 5,003 entries`. */
export function partText(entries: number, total = 0): string {
  return `${formatCount(entries)} of about ${entriesText(total)}`;
}
