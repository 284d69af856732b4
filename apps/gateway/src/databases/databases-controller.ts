import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { DatabaseEntry } from '@leasehold/directory';
import { API_ROUTES, parseQueryString, ProblemError, rawQueryOf } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { DatabaseRequests } from './database-requests.js';

/** A database as a whole: what is known of it, and bringing it to a worker ahead of use. Free. */
@Controller('v1/db/:database')
export class DatabasesController {
  constructor(@Inject(DatabaseRequests) private readonly requests: DatabaseRequests) {}

  @Get('stats')
  stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.ask(API_ROUTES.readStatistics, 'stats', request, reply);
  }

  @Post('warm')
  @HttpCode(200)
  warm(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.ask(API_ROUTES.warm, 'warm', request, reply);
  }

  private async ask(
    route: typeof API_ROUTES.readStatistics | typeof API_ROUTES.warm,
    resource: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { database, keys } = await this.requests.admit(request, route);
    // Warming tells of no key, and any read of an own one does the same.
    if (route === API_ROUTES.readStatistics) keys.requireAll('the statistics are of all keys');
    parseQueryString(rawQueryOf(request.originalUrl), []);
    if (request.body instanceof Uint8Array && request.body.byteLength > 0) {
      throw new ProblemError('invalid-body', 'this route takes no body');
    }
    const hop = { method: route.method, resource, body: undefined, repetition: 'harmless' } as const;
    const answer = await this.requests.forward({ database, keys }, hop, request, reply);
    this.requests.send(reply, answer.status === 200 ? naming(database, answer) : answer);
  }
}

/** The worker knows databases by id; clients know them by name. */
function naming({ id, name }: DatabaseEntry, answer: WorkerAnswer): WorkerAnswer {
  const stats = JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
  return { ...answer, body: Buffer.from(JSON.stringify({ database: { id, name }, ...stats })) };
}
