import { formatSeconds } from '../parts/format.js';

/** To the minute from so many seconds on: it is a guess. */
const WHOLE_MINUTES_FROM = 120;

/** `about 40 seconds`; empty where nothing tells. */
export function restWords(restMs: number | null): string {
  if (restMs === null) return '';
  const seconds = Math.max(1, Math.ceil(restMs / 1_000));
  return `about ${formatSeconds(seconds < WHOLE_MINUTES_FROM ? seconds : Math.round(seconds / 60) * 60)}`;
}

/** Of a hundred. Of nothing everything is done. */
export function percentOf({ bytes, ofBytes }: { readonly bytes: number; readonly ofBytes: number }): number {
  return ofBytes === 0 ? 100 : Math.min(100, (100 * bytes) / ofBytes);
}
