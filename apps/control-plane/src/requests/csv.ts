/** What a field is, as it is meant: texts are other people's, numbers and times our own. */
export type CsvField = string | number | Date | null;

const NEEDS_QUOTES = /[",\r\n]/;
/** A spreadsheet takes a field that begins so for a formula, and would run what a tenant named its label. */
const LOOKS_LIKE_FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** A record of CSV (RFC 4180), its line end with it. A text that a spreadsheet would run stands behind an apostrophe; null is empty. */
export function csvLine(fields: readonly CsvField[]): string {
  return `${fields.map(fieldOf).join(',')}\r\n`;
}

function fieldOf(value: CsvField): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return value.toISOString();
  const text = LOOKS_LIKE_FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV is for those who name it in `Accept`; whoever takes anything gets JSON. */
export function formatOf(accept = ''): 'json' | 'csv' {
  const types = accept.split(',').map((each) => each.split(';', 1)[0]?.trim().toLowerCase());
  return types.includes('text/csv') && !types.includes('application/json') ? 'csv' : 'json';
}
