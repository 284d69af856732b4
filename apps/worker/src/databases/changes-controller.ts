import { Controller, Get, Inject, Req, Res, UseGuards } from '@nestjs/common';
import { eventLoopTurn, systemClock, VERSION_ZERO } from '@leasehold/foundation';
import type { Changes } from '@leasehold/ownership';
import { BackpressureError, CHANGES_LIMITS } from '@leasehold/ownership';
import type { InternalChangesQuery } from '@leasehold/protocol';
import {
  changesRange,
  EVENT_STREAM_MEDIA_TYPE,
  formatChangeEvent,
  formatPosition,
  parseInternalChangesQuery,
  rawQueryOf,
  THROUGH_HEADER,
} from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { WorkerConfig } from '../config.js';
import { Deadline } from '../deadline.js';
import { WORKER_CONFIG } from '../tokens.js';
import { WorkerSession } from '../worker-session.js';
import type { Hop } from './hop-guard.js';
import { hopOf, HopGuard } from './hop-guard.js';
import { servedRefusal } from './worker-problem.js';

/** Parts that wait for a commit at a time: each holds a connection and some KiB. More than the feeds of several gateways. */
const MAX_WAITING = 8_192;
/** Of work, for a part that may be megabytes and mostly is a few commits: as much as a page of 250 entries. */
const PART_UNITS = 16;
/** Text that is made without giving others a turn: a few milliseconds. */
const CHARS_PER_TURN = 256 * 1024;

/**
 * One part of a change feed for gateways, which put the parts together: the text of its events, as clients get it, and how far it
 * reaches. A part is a read like any other: it is asked of the owner, shows what is durable, and is sent under the deadline (S1).
 */
@Controller('internal/v1/databases/:databaseId')
@UseGuards(HopGuard)
export class ChangesController {
  private waiting = 0;

  constructor(
    @Inject(WorkerSession) private readonly worker: WorkerSession,
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
  ) {}

  @Get('changes')
  async changes(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = parseInternalChangesQuery(rawQueryOf(request.originalUrl));
    const part = await this.within(request, reply, query);
    const text = await eventsOf(part, query);
    this.worker.session.assertServing();
    reply
      .header('content-type', EVENT_STREAM_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .header(THROUGH_HEADER, String(part.through))
      .send(Buffer.from(text));
  }

  /** Bounded in time: what any read may take, and the waiting that the gateway asked for. Who goes away waits no longer. */
  private async within(request: FastifyRequest, reply: FastifyReply, query: InternalChangesQuery): Promise<Changes> {
    if (this.waiting >= MAX_WAITING) throw new BackpressureError('feeds of the worker');
    const hop = hopOf(request);
    const readMs = Math.min(this.config.OWNER_WAIT_MS, (hop.waitMs ?? Infinity) - query.waitMs);
    const time = new Deadline(systemClock, Math.max(1, readMs) + query.waitMs);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    this.waiting++;
    try {
      return await this.part(hop, query, AbortSignal.any([time.signal, gone.signal]));
    } catch (error) {
      throw servedRefusal(error, this.worker);
    } finally {
      this.waiting--;
      time.done();
    }
  }

  private async part(
    { identity, waitForOwner }: Hop,
    { since, prefix, waitMs }: InternalChangesQuery,
    signal: AbortSignal,
  ): Promise<Changes> {
    const { access, requests } = this.worker;
    const options = { waitForOwner, signal };
    if (since === undefined) {
      const { version = VERSION_ZERO } = await requests.run(identity, 1, signal, () => access.state(identity, options));
      return { commits: [], through: version.sequence, position: version };
    }
    const range = prefix === undefined ? undefined : changesRange(prefix);
    const ask = { since, range, maxCommits: CHANGES_LIMITS.commits };
    // What lies behind may be megabytes in files, and has its turn among the tenants. What is waited for is in memory when it comes,
    // and waiting takes no turn from anybody.
    const behind = await requests.run(identity, PART_UNITS, signal, () => access.changes(identity, ask, options));
    if (behind.commits.length > 0 || waitMs === 0) return behind;
    return access.changes(identity, { ...ask, since: behind.through, waitMs }, options);
  }
}

/** A reader that was told nothing of the last commits is told the place that it has reached all the same. */
async function eventsOf(
  { commits, position }: Changes,
  { since, prefix, encoding }: InternalChangesQuery,
): Promise<string> {
  const range = changesRange(prefix);
  let text = '';
  let turnAt = CHARS_PER_TURN;
  for (const commit of commits) {
    text += formatChangeEvent(commit, encoding, range);
    if (text.length < turnAt) continue;
    turnAt = text.length + CHARS_PER_TURN;
    await eventLoopTurn();
  }
  const told = commits.at(-1)?.version.sequence ?? since ?? -1;
  return position !== undefined && position.sequence > told ? text + formatPosition(position) : text;
}
