import { Controller, Get, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { formatVersion } from '@leasehold/foundation';
import type { DatabaseState } from '@leasehold/ownership';
import { COST_HEADER, formatCost } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { WorkerSession } from '../worker-session.js';
import { DatabaseWork } from './database-work.js';
import { hopOf, HopGuard } from './hop-guard.js';

/** What a database is here, for whoever looks after it. Free, and sent under the deadline (S1) as all that no put stands behind. */
@Controller('internal/v1/databases/:databaseId')
@UseGuards(HopGuard)
export class DatabasesController {
  constructor(
    @Inject(WorkerSession) private readonly worker: WorkerSession,
    @Inject(DatabaseWork) private readonly work: DatabaseWork,
  ) {}

  @Get('stats')
  async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const state = await this.work.on(request, (access, identity, options) => access.state(identity, options));
    const { head } = state;
    const cacheBytes = this.worker.cacheBytesOf(hopOf(request).identity.databaseId);
    this.send(reply, {
      ...this.owner(state),
      sizeBytes: head?.statistics.liveBytes ?? 0,
      keys: head?.statistics.entries ?? 0,
      historyBytes: head?.statistics.historyBytes ?? 0,
      unflushedBytes: state.memtableBytes,
      cacheBytes,
      inlineEntries: head?.inline.length ?? 0,
      l0Files: head?.l0.length ?? 0,
      l1Files: head?.l1.length ?? 0,
    });
  }

  /** A database that was never written to has nothing that could be claimed, and its first write claims it in the same trip. */
  @Post('warm')
  @HttpCode(200)
  async warm(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const state = await this.work.on(request, async (access, identity, options) => {
      const found = await access.state(identity, options);
      if (found.owned || found.head === undefined) return found;
      return access.databases.use(identity, options, async (database) => {
        return { ...(await database.state(options)), owned: true };
      });
    });
    this.send(reply, this.owner(state));
  }

  private owner({ owned, head, version }: DatabaseState): Readonly<Record<string, unknown>> {
    const { session } = this.worker;
    return {
      session: owned ? session.id : null,
      owner: owned ? { session: session.id, pid: process.pid } : null,
      epoch: head?.epoch ?? 0,
      version: version && version.sequence > 0 ? formatVersion(version) : null,
    };
  }

  private send(reply: FastifyReply, body: Readonly<Record<string, unknown>>): void {
    this.worker.session.assertServing();
    reply
      .header('cache-control', 'no-store')
      .header(COST_HEADER, formatCost({ readUnits: 0, writeUnits: 0 }))
      .send(body);
  }
}
