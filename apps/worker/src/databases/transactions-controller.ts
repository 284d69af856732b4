import { Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Operation } from '@leasehold/ownership';
import type { TransactionOperation } from '@leasehold/protocol';
import { decodeTransaction } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Commits, idempotencyKeyOf } from './commits.js';
import { bodyOf, HopGuard } from './hop-guard.js';
import { checkProblem } from './worker-problem.js';

/** Transactions as gateways send them: decoded, checked and in one spelling. */
@Controller('internal/v1/databases/:databaseId')
@UseGuards(HopGuard)
export class TransactionsController {
  constructor(@Inject(Commits) private readonly commits: Commits) {}

  @Post('transactions')
  @HttpCode(200)
  transact(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { checks, ops } = decodeTransaction(bodyOf(request));
    const tx = {
      checks,
      ops: ops.map(operationOf),
      idempotencyKey: idempotencyKeyOf(request),
    };
    const form = {
      body: ({ effect }: { readonly effect: string }) => ({ effect }),
      failure: (error: Parameters<typeof checkProblem>[0]) => checkProblem(error, checks.length),
    };
    return this.commits.answer(tx, form, request, reply);
  }
}

function operationOf(op: TransactionOperation): Operation {
  if (op.op === 'delete' || op.op === 'deleteRange') return op;
  const { lifetime, ...rest } = op;
  if (lifetime === undefined) return rest;
  return 'expiresAt' in lifetime
    ? { ...rest, expiresAt: lifetime.expiresAt }
    : { ...rest, ttlMs: lifetime.ttlSeconds * 1_000 };
}
