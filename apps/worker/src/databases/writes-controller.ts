import { Controller, Delete, HttpCode, Inject, Param, Put, Req, Res, UseGuards } from '@nestjs/common';
import type { Check, Operation, TransactionOutcome } from '@leasehold/ownership';
import {
  formatEntityTag,
  LIMITS,
  parseInternalDeleteRangeQuery,
  parseKey64,
  parsePrecondition,
  parseTtl,
  ProblemError,
  rawQueryOf,
} from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { CommitForm } from './commits.js';
import { Commits, idempotencyKeyOf } from './commits.js';
import { bodyOf, HopGuard } from './hop-guard.js';
import { preconditionProblem } from './worker-problem.js';

const OF_ONE_KEY: CommitForm = {
  body: () => ({}),
  headers: ({ version }: TransactionOutcome) => ({ etag: formatEntityTag(version) }),
  failure: preconditionProblem,
};
/** A commit that deletes a range leaves nothing that its version would tag. */
const OF_A_RANGE: CommitForm = { body: () => ({}), failure: preconditionProblem };

/** Writes of one key, and of one range: transactions of one operation. */
@Controller('internal/v1/databases/:databaseId')
@UseGuards(HopGuard)
export class WritesController {
  constructor(@Inject(Commits) private readonly commits: Commits) {}

  @Put('keys64/:key')
  put(@Param('key') key64: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const key = parseKey64(key64);
    const value = bodyOf(request);
    if (value.byteLength > LIMITS.valueBytes) {
      throw new ProblemError('value-too-large', `values have at most ${LIMITS.valueBytes} bytes`);
    }
    const ttlSeconds = parseTtl(request.headers);
    const ttlMs = ttlSeconds === undefined ? undefined : ttlSeconds * 1_000;
    return this.write(key, { op: 'put', key, value, ttlMs }, request, reply);
  }

  @Delete('keys64/:key')
  @HttpCode(200)
  delete(@Param('key') key64: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const key = parseKey64(key64);
    return this.write(key, { op: 'delete', key }, request, reply);
  }

  @Delete('keys')
  @HttpCode(200)
  deleteRange(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const range = parseInternalDeleteRangeQuery(rawQueryOf(request.originalUrl));
    const tx = { checks: [], ops: [{ op: 'deleteRange', range } as const], idempotencyKey: idempotencyKeyOf(request) };
    return this.commits.answer(tx, OF_A_RANGE, request, reply);
  }

  private write(key: Uint8Array, op: Operation, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const precondition = parsePrecondition(request.headers);
    const checks: readonly Check[] = precondition.kind === 'none' ? [] : [{ kind: 'key', key, precondition }];
    const tx = { checks, ops: [op], idempotencyKey: idempotencyKeyOf(request) };
    return this.commits.answer(tx, OF_ONE_KEY, request, reply);
  }
}
