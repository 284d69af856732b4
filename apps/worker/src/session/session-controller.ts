import { Controller, Get, Header, Inject, Param, Req, UseGuards } from '@nestjs/common';
import { decodeUtf8, isDatabaseId, type DatabaseId } from '@leasehold/foundation';
import type { DatabaseInspection, DatabaseOwner, OwnedDatabasesLook, SessionLoad } from '@leasehold/protocol';
import { parseLimit, parseQueryString, ProblemError, rawQueryOf, SESSION_PATH } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { WorkerSession } from '../worker-session.js';
import { SessionGuard } from './session-guard.js';

/** This session, for operators who ask by way of the control plane ({@link SESSION_PATH}). Also while it drains. */
@Controller(SESSION_PATH.slice(1))
@UseGuards(SessionGuard)
export class SessionController {
  constructor(@Inject(WorkerSession) private readonly worker: WorkerSession) {}

  @Get()
  @Header('cache-control', 'no-store')
  load(): Promise<SessionLoad> {
    return this.worker.load();
  }

  @Get('databases')
  @Header('cache-control', 'no-store')
  databases(@Req() request: FastifyRequest): OwnedDatabasesLook {
    const parameters = parseQueryString(rawQueryOf(request.originalUrl), ['after', 'limit']);
    const text = (name: string) => {
      const value = parameters.get(name);
      return value === undefined ? undefined : (decodeUtf8(value) ?? '');
    };
    const after = text('after');
    return this.worker.look.owned(after === undefined ? undefined : databaseId(after), parseLimit(text('limit')));
  }

  @Get('owners/:databaseId')
  @Header('cache-control', 'no-store')
  async owner(@Param('databaseId') id: string): Promise<DatabaseOwner> {
    const owner = await this.worker.look.ownerOf(databaseId(id));
    if (owner === undefined) throw hasNoHead();
    return owner;
  }

  @Get('inspections/:databaseId')
  @Header('cache-control', 'no-store')
  async inspection(@Param('databaseId') id: string): Promise<DatabaseInspection> {
    const found = await this.worker.look.inspectionOf(databaseId(id));
    if (found === undefined) throw hasNoHead();
    return found;
  }
}

function hasNoHead(): ProblemError {
  return new ProblemError('not-found', 'the database has no head: it was never written to');
}

function databaseId(text: string): DatabaseId {
  if (isDatabaseId(text)) return text;
  throw new ProblemError('invalid-parameter', 'this is not the id of a database');
}
