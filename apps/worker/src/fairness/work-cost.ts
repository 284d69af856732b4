import type { FastifyRequest } from 'fastify';

import { bodyOf } from '../databases/hop-guard.js';

/** What the log takes at once (64 MiB) is as many of these as are under way at most. */
const VALUE_BYTES_PER_UNIT = 16 * 1024;
/** Of many operations in one body: each is parsed, decided and encoded. */
const JSON_BYTES_PER_UNIT = 8 * 1024;
/** Entries of a page that take about as long as one request. */
const ENTRIES_PER_UNIT = 16;
const MOST_ENTRIES = 1_000;
/** Opening a database is a GET and a PUT one after the other, and a place among the claims under way. */
export const OPENING_UNITS = 8;

/** What of a request tells what it will take. */
export type AskedWork = Pick<FastifyRequest, 'method' | 'originalUrl' | 'body'>;

/**
 * Units of work that a request takes, told before it is done: 1 for a small read or write, 33 for the largest value, 64 for the longest page.
 * An estimate: it keeps a flood of large requests from counting like one of small ones.
 */
export function unitsOf(request: AskedWork): number {
  const { byteLength } = bodyOf(request as FastifyRequest);
  const [path = '', query = ''] = request.originalUrl.split('?', 2);
  if (request.method === 'POST') {
    return 1 + Math.floor(byteLength / JSON_BYTES_PER_UNIT);
  }
  if (request.method === 'GET' && path.endsWith('/keys')) return 1 + unitsOfPage(entriesOf(query));
  return unitsOfWrite(byteLength);
}

/** Of one key and a value of so many bytes. */
export function unitsOfWrite(valueBytes: number): number {
  return 1 + Math.floor(valueBytes / VALUE_BYTES_PER_UNIT);
}

/**
 * Of many reads in one body, whose length says little: each key may be one of a large value, and is as much as a get by itself; each list is
 * a page.
 */
export function unitsOfReads(gets: number, limits: readonly number[]): number {
  return limits.reduce((units, limit) => units + unitsOfPage(limit), 1 + gets);
}

function unitsOfPage(entries: number): number {
  return Math.ceil(entries / ENTRIES_PER_UNIT);
}

function entriesOf(query: string): number {
  const limit = Number(new URLSearchParams(query).get('limit') ?? MOST_ENTRIES);
  return limit >= 1 && limit <= MOST_ENTRIES ? limit : MOST_ENTRIES;
}
