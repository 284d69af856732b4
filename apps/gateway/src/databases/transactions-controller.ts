import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { API_ROUTES, encodeTransaction, parseQueryString, parseTransactionBody, rawQueryOf } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { transactionOf } from '../budgets/spending-of.js';
import { grows } from '../limits/tenant-storage.js';
import { requireScope } from './caller.js';
import { DatabaseRequests } from './database-requests.js';
import { jsonOf, repetitionOf } from './request-rules.js';

/**
 * Many checks and operations as one commit. Whoever may write may make it depend on what is there, as with conditional puts; checks alone
 * change nothing and are a way of reading.
 */
@Controller('v1/db/:database')
export class TransactionsController {
  constructor(@Inject(DatabaseRequests) private readonly requests: DatabaseRequests) {}

  @Post('transactions')
  @HttpCode(200)
  async transact(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [caller, { transaction, repetition }] = await this.requests.admitWrite(
      request,
      API_ROUTES.transact,
      ({ principal, keys }) => {
        parseQueryString(rawQueryOf(request.originalUrl), []);
        const repetition = repetitionOf(request);
        const transaction = parseTransactionBody(jsonOf(request));
        requireScope(principal, transaction.ops.length > 0 ? 'data:write' : 'data:read');
        keys.requireTransaction(transaction);
        return { transaction, repetition };
      },
    );
    const changes = transaction.ops.length > 0;
    const hop = {
      method: 'POST',
      resource: 'transactions',
      body: encodeTransaction(transaction),
      repetition: changes ? repetition : 'harmless',
    } as const;
    const most = transactionOf(transaction);
    if (grows(transaction)) await this.requests.reserveWrite(request, caller, most);
    else if (changes) await this.requests.reserveRemoval(request, caller, most);
    else await this.requests.reserveRead(request, caller, most);
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }
}
