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

import { DELETE_OF_KEY, READ_OF_KEY, writeOfKey } from '../budgets/spending-of.js';
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
    const caller = await this.requests.admit(request, API_ROUTES.readKey);
    parseReadCondition(request.headers);
    const key = resourceOf(keyOf(request, caller.keys));
    const query = formatReadQuery(parseReadQuery(rawQueryOf(request.originalUrl)));
    const hop = { method: 'GET', resource: key + query, body: undefined } as const;
    await this.requests.reserveRead(request, caller, READ_OF_KEY);
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }

  @Put(['keys/:key', 'keys64/:key'])
  async write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [caller, { key, body, repetition }] = await this.requests.admitWrite(
      request,
      API_ROUTES.writeKey,
      ({ keys }) => {
        parsePrecondition(request.headers);
        parseTtl(request.headers);
        const repetition = repetitionOf(request);
        const key = keyOf(request, keys);
        parseQueryString(rawQueryOf(request.originalUrl), []);
        return { key, body: valueOf(request), repetition };
      },
    );
    const hop = { method: 'PUT', resource: resourceOf(key), body, repetition } as const;
    await this.requests.reserveWrite(request, caller, writeOfKey(key.byteLength, body.byteLength));
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }

  @Delete(['keys/:key', 'keys64/:key'])
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.requests.admit(request, API_ROUTES.deleteKey);
    if (parsePrecondition(request.headers).kind === 'absent') {
      throw new ProblemError('invalid-precondition', 'a delete takes only If-Match');
    }
    const repetition = repetitionOf(request);
    const resource = resourceOf(keyOf(request, caller.keys));
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const hop = { method: 'DELETE', resource, body: undefined, repetition } as const;
    await this.requests.reserveRemoval(request, caller, DELETE_OF_KEY);
    this.requests.send(reply, await this.requests.forward(caller, hop, request, reply));
  }
}

function keyOf(request: FastifyRequest, keys: GrantedKeys): Uint8Array {
  const { encoding, text } = rawKeyOf(request.originalUrl);
  const key = encoding === 'percent' ? parseKey(text) : parseKey64(text);
  keys.requireKey(key);
  return key;
}

function resourceOf(key: Uint8Array): string {
  return `keys64/${toBase64Url(key)}`;
}
