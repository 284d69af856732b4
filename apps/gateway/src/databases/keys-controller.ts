import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import { toBase64Url } from '@leasehold/foundation';
import {
  API_ROUTES,
  formatReadQuery,
  parseKey,
  parseKey64,
  parsePrecondition,
  parseQueryString,
  parseReadCondition,
  parseReadQuery,
  parseTtl,
  ProblemError,
  rawQueryOf,
} from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { GrantedKeys } from '../grants/granted-keys.js';
import { DatabaseRequests } from './database-requests.js';
import { repetitionOf, valueOf } from './request-rules.js';
import { rawKeyOf } from './request-target.js';

/** Where one key is read and written. `HEAD` goes with `GET`. */
@Controller('v1/db/:database')
export class KeysController {
  constructor(@Inject(DatabaseRequests) private readonly requests: DatabaseRequests) {}

  @Get(['keys/:key', 'keys64/:key'])
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database, keys } = await this.requests.admit(request, API_ROUTES.readKey);
    parseReadCondition(request.headers);
    const key = keyResource(request, keys);
    const query = formatReadQuery(parseReadQuery(rawQueryOf(request.originalUrl)));
    const hop = { method: 'GET', resource: key + query, body: undefined } as const;
    this.requests.send(reply, await this.requests.forward({ database, keys }, hop, request, reply));
  }

  @Put(['keys/:key', 'keys64/:key'])
  async write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database, keys } = await this.requests.admit(request, API_ROUTES.writeKey);
    parsePrecondition(request.headers);
    parseTtl(request.headers);
    const repetition = repetitionOf(request);
    const resource = keyResource(request, keys);
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const hop = { method: 'PUT', resource, body: valueOf(request), repetition } as const;
    await this.requests.requireRoom(database);
    this.requests.send(reply, await this.requests.forward({ database, keys }, hop, request, reply));
  }

  @Delete(['keys/:key', 'keys64/:key'])
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database, keys } = await this.requests.admit(request, API_ROUTES.deleteKey);
    if (parsePrecondition(request.headers).kind === 'absent') {
      throw new ProblemError('invalid-precondition', 'a delete takes only If-Match');
    }
    const repetition = repetitionOf(request);
    const resource = keyResource(request, keys);
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const hop = { method: 'DELETE', resource, body: undefined, repetition } as const;
    this.requests.send(reply, await this.requests.forward({ database, keys }, hop, request, reply));
  }
}

function keyResource(request: FastifyRequest, keys: GrantedKeys): string {
  const { encoding, text } = rawKeyOf(request.originalUrl);
  const key = encoding === 'percent' ? parseKey(text) : parseKey64(text);
  keys.requireKey(key);
  return `keys64/${toBase64Url(key)}`;
}
