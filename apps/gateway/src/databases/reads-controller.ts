import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { API_ROUTES, formatSnapshotBody, parseQueryString, parseSnapshotBody, rawQueryOf } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { snapshotOf } from '../budgets/spending-of.js';
import { DatabaseRequests } from './database-requests.js';
import { jsonOf } from './request-rules.js';

/** Many reads of one state in one trip. */
@Controller('v1/db/:database')
export class ReadsController {
  constructor(@Inject(DatabaseRequests) private readonly requests: DatabaseRequests) {}

  @Post('reads')
  @HttpCode(200)
  async reads(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.requests.admit(request, API_ROUTES.readMany);
    const { keys } = caller;
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const snapshot = parseSnapshotBody(jsonOf(request), keys.prefixOtherwise);
    keys.requireSnapshot(snapshot);
    const body = formatSnapshotBody(snapshot);
    const hop = { method: 'POST', resource: 'reads', body, repetition: 'harmless' } as const;
    await this.requests.reserveRead(request, caller, snapshotOf(snapshot));
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }
}
