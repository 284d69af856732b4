import { damagedCursor } from './page.js';

/** Of rows that Postgres numbers: a bigint that grows by one. */
const ROW_ID = /^[1-9][0-9]{0,17}$/;

/** Undefined: no row can have it. */
export function parseRowId(text: string): bigint | undefined {
  return ROW_ID.test(text) ? BigInt(text) : undefined;
}

/** Below which row a page goes on, of a list with the latest in front; undefined: it is the first. @throws ProblemError invalid-cursor */
export function rowBefore(after: string | undefined): bigint | undefined {
  if (after === undefined) return undefined;
  const id = parseRowId(after);
  if (id === undefined) throw damagedCursor();
  return id;
}
