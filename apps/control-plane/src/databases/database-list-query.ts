import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8 } from '@leasehold/foundation';
import type { DatabaseFilter } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { pageIn, queryOf, type Page } from '../requests/page.js';
import { isCleanText } from '../requests/text.js';
import { DATABASE_LIMITS } from './database-limits.js';
import { isNameBeginning } from './database-schemas.js';

/** Which databases are wanted, and which page of them. */
export type DatabaseListQuery = Page & Pick<DatabaseFilter, 'label' | 'search' | 'deleted'>;

/** Parameter of a handler: the query of a list of databases. */
export const DatabaseQuery = createParamDecorator((_: unknown, context: ExecutionContext): DatabaseListQuery =>
  parseDatabaseQuery(queryOf(context)),
);

/** @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor */
function parseDatabaseQuery(rawQuery: string): DatabaseListQuery {
  const parameters = parseQueryString(rawQuery, ['limit', 'cursor', 'label', 'search', 'deleted']);
  const label = textOf(parameters.get('label'), 'label');
  const search = textOf(parameters.get('search'), 'search');
  const deleted = textOf(parameters.get('deleted'), 'deleted');
  if (search !== undefined && !isNameBeginning(search)) {
    throw new ProblemError('invalid-parameter', 'search is the beginning of a name: a-z, 0-9, - and _');
  }
  if (deleted !== undefined && deleted !== 'true' && deleted !== 'false') {
    throw new ProblemError('invalid-parameter', 'deleted is true or false');
  }
  return {
    ...pageIn(parameters),
    search,
    label: label === undefined ? undefined : parseLabel(label),
    deleted: deleted === 'true',
  };
}

function parseLabel(text: string): DatabaseFilter['label'] {
  const colon = text.indexOf(':');
  const [key, value] = [text.slice(0, colon), text.slice(colon + 1)];
  const isLabel =
    colon > 0 && DATABASE_LIMITS.labelKey.test(key) && [...value].length <= DATABASE_LIMITS.labelValueChars;
  if (!isLabel) throw new ProblemError('invalid-parameter', 'label is the key and the value of a label: key:value');
  return { key, value };
}

function textOf(bytes: Uint8Array | undefined, name: string): string | undefined {
  if (bytes === undefined) return undefined;
  const text = decodeUtf8(bytes);
  if (text !== undefined && isCleanText(text)) return text;
  throw new ProblemError('invalid-parameter', `query parameter that is no text: ${name}`);
}
