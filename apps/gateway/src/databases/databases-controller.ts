import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import type { DatabaseEntry } from '@leasehold/directory';
import { toBase64Url } from '@leasehold/foundation';
import {
  formatInternalListQuery,
  parseKey,
  parseKey64,
  parseListQuery,
  parsePrecondition,
  parseQueryString,
  parseReadCondition,
  ProblemError,
  rawQueryOf,
} from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { DatabaseRequests } from './database-requests.js';
import { valueOf } from './request-rules.js';
import { rawKeyOf } from './request-target.js';

/**
 * The data plane API. Everything about a request that can be wrong is found here, before a worker hears of it: who asks
 * comes first, so that strangers learn nothing.
 */
@Controller('v1/db/:database')
export class DatabasesController {
  constructor(@Inject(DatabaseRequests) private readonly requests: DatabaseRequests) {}

  @Get(['keys/:key', 'keys64/:key'])
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database } = await this.requests.admit(request, {
      scopes: ['data:read'],
      headers: ['if-match', 'if-none-match'],
    });
    parseReadCondition(request.headers);
    const hop = { method: 'GET', resource: keyResource(request), body: undefined } as const;
    this.requests.send(reply, await this.requests.forward(database, hop, request, reply));
  }

  @Put(['keys/:key', 'keys64/:key'])
  async write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database } = await this.requests.admit(request, {
      scopes: ['data:write'],
      headers: ['if-match', 'if-none-match'],
    });
    parsePrecondition(request.headers);
    const hop = { method: 'PUT', resource: keyResource(request), body: valueOf(request) } as const;
    this.requests.send(reply, await this.requests.forward(database, hop, request, reply));
  }

  @Delete(['keys/:key', 'keys64/:key'])
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database } = await this.requests.admit(request, {
      scopes: ['data:write'],
      headers: ['if-match', 'if-none-match'],
    });
    if (parsePrecondition(request.headers).kind === 'absent') {
      throw new ProblemError('invalid-precondition', 'a delete takes only If-Match');
    }
    const hop = { method: 'DELETE', resource: keyResource(request), body: undefined } as const;
    this.requests.send(reply, await this.requests.forward(database, hop, request, reply));
  }

  @Get('keys')
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database } = await this.requests.admit(request, { scopes: ['data:read'], headers: [] });
    const query = parseListQuery(rawQueryOf(request.originalUrl));
    const hop = { method: 'GET', resource: `keys?${formatInternalListQuery(query)}`, body: undefined } as const;
    this.requests.send(reply, await this.requests.forward(database, hop, request, reply));
  }

  @Get('stats')
  async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database } = await this.requests.admit(request, { scopes: ['data:read'], headers: [] });
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const hop = { method: 'GET', resource: 'stats', body: undefined } as const;
    const answer = await this.requests.forward(database, hop, request, reply);
    this.requests.send(reply, answer.status === 200 ? naming(database, answer) : answer);
  }
}

function keyResource(request: FastifyRequest): string {
  const { encoding, text } = rawKeyOf(request.originalUrl);
  parseQueryString(rawQueryOf(request.originalUrl), []);
  const key = encoding === 'percent' ? parseKey(text) : parseKey64(text);
  return `keys64/${toBase64Url(key)}`;
}

/** The worker knows databases by id; clients know them by name. */
function naming({ id, name }: DatabaseEntry, answer: WorkerAnswer): WorkerAnswer {
  const stats = JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
  return { ...answer, body: Buffer.from(JSON.stringify({ database: { id, name }, ...stats })) };
}
