import type { FastifyRequest } from 'fastify';

import { bodyOf } from '../databases/hop-guard.js';

/** What the log takes at once (64 MiB) is as many of these as are under way at most. */
const VALUE_BYTES_PER_UNIT = 16 * 1024;
/** Of many operations in one body: each is parsed, decided and encoded. */
const JSON_BYTES_PER_UNIT = 8 * 1024;
/** Of a body that asks for many keys: some thirty gets. */
const QUESTION_BYTES_PER_UNIT = 1024;
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
    const bytesPerUnit = path.endsWith('/reads') ? QUESTION_BYTES_PER_UNIT : JSON_BYTES_PER_UNIT;
    return 1 + Math.floor(byteLength / bytesPerUnit);
  }
  if (request.method === 'GET' && path.endsWith('/keys')) return 1 + Math.ceil(entriesOf(query) / ENTRIES_PER_UNIT);
  return 1 + Math.floor(byteLength / VALUE_BYTES_PER_UNIT);
}

function entriesOf(query: string): number {
  const limit = Number(new URLSearchParams(query).get('limit') ?? MOST_ENTRIES);
  return limit >= 1 && limit <= MOST_ENTRIES ? limit : MOST_ENTRIES;
}
