import { Controller, Delete, Get, HttpCode, Inject, Param, Put, Req, Res, UseGuards } from '@nestjs/common';
import { equalVersions, formatVersion } from '@leasehold/foundation';
import { PreconditionFailedError } from '@leasehold/ownership';
import {
  formatEntityTag,
  formatListPage,
  LIMITS,
  parseInternalListQuery,
  parseKey64,
  parsePrecondition,
  parseReadCondition,
  ProblemError,
  scanBounds,
} from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { LOGGER, sendProblem } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { WorkerSession } from '../worker-session.js';
import { DatabaseWork } from './database-work.js';
import { bodyOf, HopGuard } from './hop-guard.js';
import { preconditionProblem } from './worker-problem.js';

/**
 * What a database of this worker answers to gateways. Answers that no put stands behind (reads, absent keys, failed
 * preconditions) are sent under the deadline (S1): it is asked when the answer is ready, and nothing is awaited between that
 * and the send.
 */
@Controller('internal/v1/databases/:databaseId')
@UseGuards(HopGuard)
export class DatabasesController {
  constructor(
    @Inject(WorkerSession) private readonly worker: WorkerSession,
    @Inject(DatabaseWork) private readonly work: DatabaseWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('keys64/:key')
  async get(@Param('key') key64: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const key = parseKey64(key64);
    const condition = parseReadCondition(request.headers);
    const entry = await this.work.on(request, (access, identity, options) => access.get(identity, key, options));
    this.worker.session.assertServing();
    if (entry === undefined) {
      const absent = new ProblemError('key-not-found', 'the database holds no value at this key');
      return sendProblem(absent, request, reply, this.logger);
    }
    reply.header('etag', formatEntityTag(entry.version)).header('cache-control', 'no-store');
    if (condition.kind === 'other-than' && equalVersions(condition.version, entry.version)) {
      reply.code(304).send();
    } else {
      reply.header('content-type', 'application/octet-stream').send(entry.value);
    }
  }

  @Put('keys64/:key')
  put(@Param('key') key64: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const value = bodyOf(request);
    if (value.byteLength > LIMITS.valueBytes) {
      throw new ProblemError('value-too-large', `values have at most ${LIMITS.valueBytes} bytes`);
    }
    return this.write(key64, value, request, reply);
  }

  @Delete('keys64/:key')
  @HttpCode(200)
  delete(@Param('key') key64: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.write(key64, undefined, request, reply);
  }

  @Get('keys')
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [, rawQuery = ''] = /\?(.*)$/s.exec(request.originalUrl) ?? [];
    const query = parseInternalListQuery(rawQuery);
    const range = { ...scanBounds(query), reverse: query.reverse, limit: query.limit };
    const page = await this.work.on(request, (access, identity, options) => access.scan(identity, range, options));
    const body = formatListPage(page.entries, page.more, query);
    this.worker.session.assertServing();
    reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store').send(body);
  }

  @Get('stats')
  async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const state = await this.work.on(request, (access, identity, options) => access.state(identity, options));
    const { session } = this.worker;
    session.assertServing();
    const { head, version } = state;
    reply.header('cache-control', 'no-store').send({
      session: state.owned ? session.id : null,
      owner: state.owned ? { session: session.id, pid: process.pid } : null,
      epoch: head?.epoch ?? 0,
      version: version && version.sequence > 0 ? formatVersion(version) : null,
      sizeBytes: head?.statistics.liveBytes ?? 0,
      keys: head?.statistics.entries ?? 0,
      unflushedBytes: state.memtableBytes,
      inlineEntries: head?.inline.length ?? 0,
      l0Files: head?.l0.length ?? 0,
      l1Files: head?.l1.length ?? 0,
    });
  }

  private async write(
    key64: string,
    value: Uint8Array | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const key = parseKey64(key64);
    const precondition = parsePrecondition(request.headers);
    try {
      const version = await this.work.on(request, (access, identity, options) =>
        access.write(identity, { key, value, precondition }, options),
      );
      // Durable in the bucket: no deadline stands between this and its sender.
      reply.header('etag', formatEntityTag(version)).send({ version: formatVersion(version) });
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) throw error;
      this.worker.session.assertServing();
      sendProblem(preconditionProblem(error), request, reply, this.logger);
    }
  }
}
