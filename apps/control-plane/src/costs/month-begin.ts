const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** When a month such as `2026-11` begins, in UTC; undefined: it is none. */
export function monthBegin(text: string): Date | undefined {
  const [, year, month] = MONTH.exec(text) ?? [];
  if (year === undefined || Number(year) < 1) return undefined;
  const begin = new Date(0);
  // Date.UTC would take the year 99 for 1999.
  begin.setUTCFullYear(Number(year), Number(month) - 1, 1);
  return begin;
}
