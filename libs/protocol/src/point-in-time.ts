import type { Version } from '@leasehold/foundation';
import { formatVersion, parseVersion } from '@leasehold/foundation';

/** Which state a read is of: that after a commit, or the last recorded one at or before a wall time. */
export type PointInTime = { readonly version: Version } | { readonly timeMs: number };

const VERSION = /^[0-9a-f]{20}$/;
/** RFC 3339, with a zone; fractions of a second beyond ms are cut. */
const TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/i;

/** Undefined unless it is a versionstamp as answered in `ETag`, without quotes, or a time of RFC 3339 from 1970 on. */
export function parsePointInTime(text: string): PointInTime | undefined {
  const version = parseVersionstamp(text);
  if (version !== undefined) return { version };
  const timeMs = parseTime(text);
  return timeMs === undefined ? undefined : { timeMs };
}

/** As {@link parsePointInTime} takes it. */
export function formatPointInTime(at: PointInTime): string {
  return 'version' in at ? formatVersion(at.version) : new Date(at.timeMs).toISOString();
}

/** Undefined unless it is 20 hexadecimal digits in lower case, as they are answered. */
export function parseVersionstamp(text: string): Version | undefined {
  return VERSION.test(text) ? parseVersion(text) : undefined;
}

/** Wall ms; undefined unless it is a time of RFC 3339 from 1970 on, in the years of four digits. */
export function parseTime(text: string): number | undefined {
  const [, date = '', time = '', fraction = '', zone = ''] = TIME.exec(text) ?? [];
  // Date.parse takes the 31st of February for a day in March.
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnightMs) || new Date(midnightMs).toISOString().slice(0, 10) !== date) return undefined;
  const timeMs = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${zone.toUpperCase()}`);
  // The last hours of the year 9999, west of Greenwich, would be written with more digits.
  return timeMs >= 0 && timeMs < MAX_TIME_MS ? timeMs : undefined;
}

const MAX_TIME_MS = Date.UTC(10_000, 0);
