import type { RequestAccounts, RouteCounts } from '@leasehold/service-kit';
import { putAhead } from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';

import { AnswerWriter, linesOf } from './answer-writer.js';
import { ROUTES } from './exchange.js';
import type { ExpressParts } from './express-lane.js';
import { ExpressLane } from './express-lane.js';
import type { PlainMethod, PlainResource } from './plain-head.js';

/** Puts the {@link ExpressLane} ahead of the routes of keys. */
export function serveExpress(
  instance: FastifyInstance,
  parts: Omit<ExpressParts, 'counts' | 'fixedLines' | 'writer'>,
): void {
  const { accounts } = parts;
  const counts = { keys: countsOf(accounts, 'keys'), keys64: countsOf(accounts, 'keys64') };
  const fixedLines = linesOf(parts.fixedHeaders);
  const lane = new ExpressLane({ ...parts, counts, fixedLines, writer: new AnswerWriter(parts.clock) });
  putAhead(instance.server, (request, response) => lane.take(request, response));
}

function countsOf({ metrics }: RequestAccounts, resource: PlainResource): Record<PlainMethod, RouteCounts> {
  const of = (method: PlainMethod): RouteCounts => metrics.of(method, ROUTES[resource]);
  return { GET: of('GET'), PUT: of('PUT'), DELETE: of('DELETE') };
}
