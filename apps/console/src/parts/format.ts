const INSTANT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const NUMBER = new Intl.NumberFormat();
const FRACTION = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** In the zone of the browser, to the minute. */
export function formatInstant(date: Date): string {
  return INSTANT.format(date);
}

/** `2026-11-28 09:31:02 UTC`. */
export function formatUtc(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function formatCount(count: number): string {
  return NUMBER.format(count);
}

/** `1 edit`, `2,000 edits`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${NUMBER.format(count)} ${count === 1 ? one : many}`;
}

/** To two digits behind the point. */
export function formatFraction(value: number): string {
  return FRACTION.format(value);
}

/** Decimal units, as storage is billed: `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1);
  return `${FRACTION.format(bytes / 1_000 ** power)} ${BYTE_UNITS[power] ?? 'B'}`;
}

const PERIODS = [
  { seconds: 86_400, name: 'day' },
  { seconds: 3_600, name: 'hour' },
  { seconds: 60, name: 'minute' },
  { seconds: 1, name: 'second' },
] as const;

/** In the largest unit that divides it: `7 days`, `90 minutes`. */
export function formatSeconds(seconds: number): string {
  const period = PERIODS.find((each) => seconds >= each.seconds && seconds % each.seconds === 0);
  if (period === undefined) return '0 seconds';
  return countOf(seconds / period.seconds, period.name);
}
