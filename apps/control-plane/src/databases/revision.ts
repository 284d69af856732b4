import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { DatabaseRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** As Postgres counts them. */
const TAG = /^"([1-9][0-9]{0,8})"$/;

/** Parameter of a handler: the one revision that the request is for (`If-Match`), undefined when it names none. */
export const RevisionCondition = createParamDecorator((_: unknown, context: ExecutionContext): number | undefined =>
  parseRevision(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

/** @throws ProblemError invalid-precondition: never passed over, or somebody's change would be overwritten */
function parseRevision(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const revision = TAG.exec(ifMatch.trim())?.[1];
  if (revision === undefined)
    throw new ProblemError('invalid-precondition', 'If-Match takes one entity tag as answered in ETag');
  return Number(revision);
}

/** With its revision as entity tag. */
export function tagged(reply: FastifyReply, database: DatabaseRecord): DatabaseRecord {
  void reply.header('etag', `"${database.revision}"`);
  return database;
}
