import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { equalVersions, formatVersion } from '@leasehold/foundation';
import type { Version } from '@leasehold/foundation';
import type { Entry } from '@leasehold/engine';
import {
  COST_HEADER,
  entryBytes,
  EXPIRES_AT_HEADER,
  formatCost,
  formatEntityTag,
  formatExpiry,
  listPageParts,
  pageReadUnits,
  parseInternalListQuery,
  parseKey64,
  parseReadCondition,
  parseReadQuery,
  parseSnapshotBody,
  ProblemError,
  rawQueryOf,
  readUnitsOf,
  scanBounds,
  snapshotParts,
  snapshotReadUnits,
  VERSION_HEADER,
} from '@leasehold/protocol';
import type { PointInTime, SnapshotResult } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { LOGGER, sendProblem } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { unitsOfReads } from '../fairness/work-cost.js';
import { WorkerSession } from '../worker-session.js';
import type { Work } from './database-work.js';
import { DatabaseWork } from './database-work.js';
import { bodyOf, HopGuard } from './hop-guard.js';

/**
 * What gateways read. No put stands behind these answers, so they are sent under the deadline (S1): it is asked when the answer is ready, and
 * nothing is awaited between that and the send.
 */
@Controller('internal/v1/databases/:databaseId')
@UseGuards(HopGuard)
export class ReadsController {
  constructor(
    @Inject(WorkerSession) private readonly worker: WorkerSession,
    @Inject(DatabaseWork) private readonly work: DatabaseWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('keys64/:key')
  async get(@Param('key') key64: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const key = parseKey64(key64);
    const condition = parseReadCondition(request.headers);
    const { at } = parseReadQuery(rawQueryOf(request.originalUrl));
    const { entry, snapshot } = await this.read(key, at, request);
    this.worker.session.assertServing();
    const headers = {
      [COST_HEADER]: formatCost({ readUnits: readUnitsOf(entry === undefined ? 0 : entryBytes(entry)), writeUnits: 0 }),
      ...(snapshot === undefined ? {} : { [VERSION_HEADER]: formatVersion(snapshot) }),
    };
    if (entry === undefined) {
      const absent = new ProblemError('key-not-found', 'the database holds no value at this key', { headers });
      return sendProblem(absent, request, reply, this.logger);
    }
    const expiry = formatExpiry(entry.expiresAt);
    reply.headers({
      ...{ ...headers, etag: formatEntityTag(entry.version), 'cache-control': 'no-store' },
      ...(expiry === undefined ? {} : { [EXPIRES_AT_HEADER]: expiry }),
    });
    if (condition.kind === 'other-than' && equalVersions(condition.version, entry.version)) {
      reply.code(304).send();
    } else {
      reply.header('content-type', 'application/octet-stream').send(entry.value);
    }
  }

  @Get('keys')
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = parseInternalListQuery(rawQueryOf(request.originalUrl));
    const { at, limit, reverse } = query;
    const scan = { ...scanBounds(query), reverse, limit };
    const { version, entries, body } = await this.work.on(request, async (access, identity, options) => {
      const { version, scans } = await access.readMany(identity, { gets: [], scans: [scan], at }, options);
      const { entries, more } = scans[0] ?? { entries: [], more: false };
      const parts = listPageParts(entries, more, query, at && version);
      const source = { parts, sourceBytes: bytesOf(entries) };
      const body = await this.worker.answers.make(identity, options.signal, reply.raw, source);
      return { version, entries, body };
    });
    this.worker.session.assertServing();
    if (at !== undefined) reply.header(VERSION_HEADER, formatVersion(version));
    sendJson(reply, body, pageReadUnits(entries));
  }

  @Post('reads')
  @HttpCode(200)
  async reads(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = parseSnapshotBody(bodyOf(request));
    const { gets, at } = asked;
    const scans = asked.lists.map((list) => ({ ...scanBounds(list), reverse: list.reverse, limit: list.limit }));
    const limits = asked.lists.map(({ limit }) => limit);
    const read: Work<{ readonly result: SnapshotResult; readonly body: Buffer }> = async (
      access,
      identity,
      options,
    ) => {
      const snapshot = await access.readMany(identity, { gets, scans, at }, options);
      const result = { ...snapshot, lists: snapshot.scans };
      const found = [result.gets, ...result.lists.map(({ entries }) => entries)];
      const sourceBytes = found.reduce((sum, entries) => sum + bytesOf(entries), 0);
      const source = { parts: snapshotParts(result, asked), sourceBytes };
      return { result, body: await this.worker.answers.make(identity, options.signal, reply.raw, source) };
    };
    const { result, body } = await this.work.on(request, read, unitsOfReads(gets.length, limits));
    this.worker.session.assertServing();
    sendJson(reply, body, snapshotReadUnits(result));
  }

  /** The present comes from memory where it can; of the past the version is told as well. */
  private async read(
    key: Uint8Array,
    at: PointInTime | undefined,
    request: FastifyRequest,
  ): Promise<{ readonly entry: Entry | undefined; readonly snapshot: Version | undefined }> {
    if (at === undefined) {
      const entry = await this.work.on(request, (access, identity, options) => access.get(identity, key, options));
      return { entry, snapshot: undefined };
    }
    const { gets, version } = await this.work.on(request, (access, identity, options) =>
      access.readMany(identity, { gets: [key], scans: [], at }, options),
    );
    return { entry: gets[0], snapshot: version };
  }
}

function bytesOf(entries: readonly (Entry | undefined)[]): number {
  return entries.reduce((bytes, entry) => bytes + (entry === undefined ? 0 : entryBytes(entry)), 0);
}

function sendJson(reply: FastifyReply, body: Buffer, readUnits: number): void {
  reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(COST_HEADER, formatCost({ readUnits, writeUnits: 0 }))
    .send(body);
}
