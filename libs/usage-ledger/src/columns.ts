/** Rows as `unnest` takes them: a list for each of so many columns, also where there are no rows. */
export function columnsOf<T>(rows: readonly T[], width: number, of: (row: T) => readonly unknown[]): unknown[][] {
  const all = rows.map(of);
  return Array.from({ length: width }, (_, i) => all.map((row) => row[i]));
}
