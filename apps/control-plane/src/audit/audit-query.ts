import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8 } from '@leasehold/foundation';
import type { AuditFilter } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';
import { z } from 'zod';

import { pageIn, queryOf } from '../requests/page.js';
import { rowBefore } from '../requests/row-id.js';
import { isCleanText } from '../requests/text.js';

const FILTERS = ['action', 'actor', 'subject', 'since', 'until'] as const;
/** Names of actions and ids are shorter. */
const FILTER_CHARS = 128;
const instant = z.iso.datetime({ offset: true });

/** Which entries are wanted, and which page of them. */
export interface AuditListQuery {
  readonly filter: AuditFilter;
  readonly limit: number;
  /** Only entries below this one. */
  readonly before: bigint | undefined;
}

/** Parameter of a handler: the query of the list. */
export const AuditQuery = createParamDecorator((_: unknown, context: ExecutionContext): AuditListQuery =>
  parseAuditQuery(queryOf(context)),
);

/** Parameter of a handler: the query of an export, which has no pages. */
export const ExportQuery = createParamDecorator((_: unknown, context: ExecutionContext): AuditFilter =>
  filterIn(parseQueryString(queryOf(context), FILTERS)),
);

/** @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor */
function parseAuditQuery(rawQuery: string): AuditListQuery {
  const parameters = parseQueryString(rawQuery, ['limit', 'cursor', ...FILTERS]);
  const { limit, after } = pageIn(parameters);
  return { filter: filterIn(parameters), limit, before: rowBefore(after) };
}

function filterIn(parameters: ReadonlyMap<string, Uint8Array>): AuditFilter {
  const text = (name: string) => textOf(parameters.get(name), name);
  return {
    action: text('action'),
    actorId: text('actor'),
    subjectId: text('subject'),
    since: timeOf(text('since'), 'since'),
    until: timeOf(text('until'), 'until'),
  };
}

function textOf(bytes: Uint8Array | undefined, name: string): string | undefined {
  if (bytes === undefined) return undefined;
  const text = bytes.byteLength <= FILTER_CHARS ? decodeUtf8(bytes) : undefined;
  if (text !== undefined && text !== '' && isCleanText(text)) return text;
  throw new ProblemError('invalid-parameter', `query parameter that is no word: ${name}`);
}

function timeOf(text: string | undefined, name: string): Date | undefined {
  if (text === undefined) return undefined;
  if (instant.safeParse(text).success) return new Date(text);
  throw new ProblemError('invalid-parameter', `${name} is an instant, such as 2030-01-31T00:00:00Z`);
}
