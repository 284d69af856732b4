/** Neither part of a path nor refused by any system of files. */
const ODD = /[^\w.-]+/g;

/** `shop-2026-11-28T14-05-00Z.jsonl`: of which database, and of when. */
export function exportFileName(database: string, at: Date): string {
  const instant = `${at.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  return `${database.replace(ODD, '-')}-${instant}.jsonl`;
}
