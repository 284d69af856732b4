import { Controller, Delete, Get, Inject, Req, Res } from '@nestjs/common';
import {
  API_ROUTES,
  formatInternalDeleteRangeQuery,
  formatInternalListQuery,
  parseDeleteRangeQuery,
  parseListQuery,
  rawQueryOf,
} from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { DELETE_OF_RANGE, listOf } from '../budgets/spending-of.js';
import { DatabaseRequests } from './database-requests.js';
import { repetitionOf } from './request-rules.js';

/** Where keys are listed, and deleted by the range. */
@Controller('v1/db/:database')
export class KeyRangesController {
  constructor(@Inject(DatabaseRequests) private readonly requests: DatabaseRequests) {}

  @Get('keys')
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.requests.admit(request, API_ROUTES.listKeys);
    const { keys } = caller;
    const query = parseListQuery(rawQueryOf(request.originalUrl), keys.prefixOtherwise);
    keys.requirePrefix(query.prefix);
    const hop = { method: 'GET', resource: `keys?${formatInternalListQuery(query)}`, body: undefined } as const;
    await this.requests.reserveRead(request, caller, listOf(query.limit));
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }

  @Delete('keys')
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.requests.admit(request, API_ROUTES.deleteRange);
    const repetition = repetitionOf(request);
    const range = parseDeleteRangeQuery(rawQueryOf(request.originalUrl));
    caller.keys.requireRange(range);
    const resource = `keys?${formatInternalDeleteRangeQuery(range)}`;
    const hop = { method: 'DELETE', resource, body: undefined, repetition } as const;
    await this.requests.reserveRemoval(request, caller, DELETE_OF_RANGE);
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }
}
