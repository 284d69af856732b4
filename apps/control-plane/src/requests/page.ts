import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8, fromBase64Url, toBase64Url, utf8 } from '@leasehold/foundation';
import { parseLimit, parseQueryString, ProblemError, rawQueryOf } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { isCleanText } from './text.js';

/** Which part of a listing is wanted. */
export interface Page {
  /** 1 … 1,000. */
  readonly limit: number;
  /** The last item of the page before. */
  readonly after: string | undefined;
}

const CURSOR_CHARS = 256;

/** Parameter of a handler: `limit` and `cursor` of the query. */
export const PageQuery = createParamDecorator((_: unknown, context: ExecutionContext): Page =>
  pageIn(parseQueryString(queryOf(context), ['limit', 'cursor'])),
);

/** Of the request, as it came. */
export function queryOf(context: ExecutionContext): string {
  return rawQueryOf(context.switchToHttp().getRequest<FastifyRequest>().url);
}

/** Of a list that has other parameters besides. @throws ProblemError invalid-limit, invalid-cursor */
export function pageIn(parameters: ReadonlyMap<string, Uint8Array>): Page {
  const limit = parameters.get('limit');
  const cursor = parameters.get('cursor');
  return {
    limit: parseLimit(limit && (decodeUtf8(limit) ?? '')),
    after: cursor ? parseCursor(decodeUtf8(cursor) ?? '') : undefined,
  };
}

/**
 * A page and the cursor of the next, null behind the last.
 *
 * @param found up to one item more than the limit: that one tells that there is a next page
 * @param keyOf by what the listing is ordered
 */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  keyOf: (item: T) => string,
): { items: readonly T[]; cursor: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, cursor: more ? cursorAt(keyOf(last)) : null };
}

/** Of a page that goes on at this key. */
export function cursorAt(key: string): string {
  return toBase64Url(utf8(key));
}

function parseCursor(text: string): string {
  const bytes = text.length <= CURSOR_CHARS ? fromBase64Url(text) : undefined;
  const after = bytes && bytes.byteLength > 0 ? decodeUtf8(bytes) : undefined;
  if (after !== undefined && isCleanText(after)) return after;
  throw damagedCursor();
}

export function damagedCursor(): ProblemError {
  return new ProblemError('invalid-cursor', 'the cursor is damaged');
}
