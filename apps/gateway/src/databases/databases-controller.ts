import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import type { DatabaseEntry, Scope } from '@leasehold/directory';
import { Directory } from '@leasehold/directory';
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

import { Forwarder } from '../forwarding/forwarder.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { passedHeaders } from '../forwarding/worker-answer.js';
import { databaseOf } from './caller.js';
import { passedRequestHeaders, refuseUnsupportedHeaders, valueOf } from './request-rules.js';
import { rawKeyOf } from './request-target.js';

/**
 * The data plane API. Everything about a request that can be wrong is found here, before a worker hears of it: who asks
 * comes first, so that strangers learn nothing.
 */
@Controller('v1/db/:database')
export class DatabasesController {
  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Forwarder) private readonly forwarder: Forwarder,
  ) {}

  @Get(['keys/:key', 'keys64/:key'])
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const database = await this.admit(request, 'data:read');
    parseReadCondition(request.headers);
    send(reply, await this.forward(database, 'GET', keyResource(request), request, reply));
  }

  @Put(['keys/:key', 'keys64/:key'])
  async write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const database = await this.admit(request, 'data:write');
    parsePrecondition(request.headers);
    send(reply, await this.forward(database, 'PUT', keyResource(request), request, reply));
  }

  @Delete(['keys/:key', 'keys64/:key'])
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const database = await this.admit(request, 'data:write');
    if (parsePrecondition(request.headers).kind === 'absent') {
      throw new ProblemError('invalid-precondition', 'a delete takes only If-Match');
    }
    send(reply, await this.forward(database, 'DELETE', keyResource(request), request, reply));
  }

  @Get('keys')
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const database = await this.admit(request, 'data:read');
    const query = parseListQuery(rawQueryOf(request.originalUrl));
    const resource = `keys?${formatInternalListQuery(query)}`;
    send(reply, await this.forward(database, 'GET', resource, request, reply));
  }

  @Get('stats')
  async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const database = await this.admit(request, 'data:read');
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const answer = await this.forward(database, 'GET', 'stats', request, reply);
    send(reply, answer.status === 200 ? naming(database, answer) : answer);
  }

  private async admit(request: FastifyRequest, scope: Scope): Promise<DatabaseEntry> {
    const database = await databaseOf(request, this.directory, scope);
    refuseUnsupportedHeaders(request);
    return database;
  }

  private forward(
    database: DatabaseEntry,
    method: 'GET' | 'PUT' | 'DELETE',
    resource: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<WorkerAnswer> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return this.forwarder.forward({
      method,
      database,
      resource,
      headers: passedRequestHeaders(request),
      body: method === 'PUT' ? valueOf(request) : undefined,
      requestId: request.id,
      signal: gone.signal,
    });
  }
}

function keyResource(request: FastifyRequest): string {
  const { encoding, text } = rawKeyOf(request.originalUrl);
  parseQueryString(rawQueryOf(request.originalUrl), []);
  const key = encoding === 'percent' ? parseKey(text) : parseKey64(text);
  return `keys64/${toBase64Url(key)}`;
}

function send(reply: FastifyReply, answer: WorkerAnswer): void {
  void reply
    .status(answer.status)
    .headers(passedHeaders(answer))
    .send(answer.status === 304 ? undefined : answer.body);
}

/** The worker knows databases by id; clients know them by name. */
function naming({ id, name }: DatabaseEntry, answer: WorkerAnswer): WorkerAnswer {
  const stats = JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
  return { ...answer, body: Buffer.from(JSON.stringify({ database: { id, name }, ...stats })) };
}
