import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8, isSessionId, type SessionId } from '@leasehold/foundation';
import { parseQueryString, ProblemError, rawQueryOf } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { pageIn } from '../requests/page.js';

/** Each is a GET. */
const MAX_WORKERS = 100;

/** Which sessions are wanted, and whether their workers are asked, too. */
export interface WorkersPage {
  /** The session behind which the page begins. */
  readonly after: SessionId | undefined;
  /** 1 … 100. */
  readonly limit: number;
  readonly load: boolean;
}

/** Parameter of a handler: `load`, `limit` and `cursor` of the query. */
export const WorkersQuery = createParamDecorator((_: unknown, context: ExecutionContext): WorkersPage => {
  const rawQuery = rawQueryOf(context.switchToHttp().getRequest<FastifyRequest>().url);
  const parameters = parseQueryString(rawQuery, ['load', 'limit', 'cursor']);
  const { after, limit } = pageIn(parameters);
  if (after !== undefined && !isSessionId(after)) throw new ProblemError('invalid-cursor', 'the cursor is damaged');
  return { after, limit: Math.min(limit, MAX_WORKERS), load: flagIn(parameters.get('load')) };
});

/** @throws ProblemError invalid-parameter */
function flagIn(value: Uint8Array | undefined): boolean {
  const text = value === undefined ? 'false' : decodeUtf8(value);
  if (text === 'true' || text === 'false') return text === 'true';
  throw new ProblemError('invalid-parameter', 'load is true or false');
}
