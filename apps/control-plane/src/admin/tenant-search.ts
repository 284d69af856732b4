import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8 } from '@leasehold/foundation';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { pageIn, queryOf, type Page } from '../requests/page.js';
import { isCleanText } from '../requests/text.js';

const SEARCH_CHARS = 254;

export interface TenantSearchPage extends Page {
  /** Undefined: all. */
  readonly search: string | undefined;
}

/** Parameter of a handler: `search`, `limit` and `cursor` of the query. */
export const TenantSearch = createParamDecorator((_: unknown, context: ExecutionContext): TenantSearchPage => {
  const parameters = parseQueryString(queryOf(context), ['search', 'limit', 'cursor']);
  const search = parameters.get('search');
  return { ...pageIn(parameters), search: search && parseSearch(decodeUtf8(search)) };
});

/** @throws ProblemError invalid-parameter */
function parseSearch(text: string | undefined): string | undefined {
  if (text === undefined || text.length > SEARCH_CHARS || !isCleanText(text)) {
    throw new ProblemError('invalid-parameter', `search: must be text of at most ${SEARCH_CHARS} characters`);
  }
  return text === '' ? undefined : text;
}
