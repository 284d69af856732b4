import { Controller, Get, Inject, Req, Res, UseGuards } from '@nestjs/common';
import type { Commit, DatabaseIdentity } from '@leasehold/engine';
import { systemClock, VERSION_ZERO } from '@leasehold/foundation';
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
import type { SentResponse } from '../fairness/long-answers.js';
import { WORKER_CONFIG } from '../tokens.js';
import { WorkerSession } from '../worker-session.js';
import type { Hop } from './hop-guard.js';
import { hopOf, HopGuard } from './hop-guard.js';
import { servedRefusal } from './worker-problem.js';

/** Parts that wait for a commit at a time: each holds a connection and some KiB. More than the feeds of several gateways. */
const MAX_WAITING = 8_192;
/** Of work, for a part that may be megabytes and mostly is a few commits: as much as a page of 250 entries. */
const PART_UNITS = 16;

/** One part as it is sent. */
interface Part {
  readonly through: number;
  readonly text: Buffer;
}

/** Who asks, for what, and how. */
interface PartAsk {
  readonly identity: DatabaseIdentity;
  readonly query: InternalChangesQuery;
  readonly signal: AbortSignal;
  readonly response: SentResponse;
}

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
    this.worker.session.assertServing();
    reply
      .header('content-type', EVENT_STREAM_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .header(THROUGH_HEADER, String(part.through))
      .send(part.text);
  }

  /** Bounded in time: what any read may take, and the waiting that the gateway asked for. Who goes away waits no longer. */
  private async within(request: FastifyRequest, reply: FastifyReply, query: InternalChangesQuery): Promise<Part> {
    if (this.waiting >= MAX_WAITING) throw new BackpressureError('feeds of the worker');
    const hop = hopOf(request);
    const readMs = Math.min(this.config.OWNER_WAIT_MS, (hop.waitMs ?? Infinity) - query.waitMs);
    const time = new Deadline(systemClock, Math.max(1, readMs) + query.waitMs);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    this.waiting++;
    try {
      const signal = AbortSignal.any([time.signal, gone.signal]);
      return await this.part(hop, { identity: hop.identity, query, signal, response: reply.raw });
    } catch (error) {
      throw servedRefusal(error, this.worker);
    } finally {
      this.waiting--;
      time.done();
    }
  }

  private async part({ waitForOwner }: Hop, ask: PartAsk): Promise<Part> {
    const { identity, query, signal } = ask;
    const { since, prefix, waitMs } = query;
    const { access, requests } = this.worker;
    const options = { waitForOwner, signal };
    if (since === undefined) {
      const { version = VERSION_ZERO } = await requests.run(identity, 1, signal, () => access.state(identity, options));
      return this.told({ commits: [], through: version.sequence, position: version }, ask);
    }
    const range = prefix === undefined ? undefined : changesRange(prefix);
    const rest = { since, range, maxCommits: query.maxCommits ?? CHANGES_LIMITS.commits };
    // What lies behind may be megabytes in files, and has its turn among the tenants, as its text has. What is waited for is in memory
    // when it comes, and waiting takes no turn from anybody.
    const { behind, part } = await requests.run(identity, PART_UNITS, signal, async () => {
      const behind = await access.changes(identity, rest, options);
      const isWhole = behind.commits.length > 0 || waitMs === 0;
      return { behind, part: isWhole ? await this.told(behind, ask) : undefined };
    });
    if (part !== undefined) return part;
    const come = await access.changes(identity, { ...rest, since: behind.through, waitMs }, options);
    if (come.commits.length === 0) return this.told(come, ask);
    return requests.run(identity, PART_UNITS, signal, () => this.told(come, ask));
  }

  /** A part with commits is a long answer as any other. */
  private async told(changes: Changes, { identity, query, signal, response }: PartAsk): Promise<Part> {
    const { commits, through } = changes;
    const parts = eventsOf(changes, query);
    // No commits: a line, which nobody has to wait for, and which is told also when the time is over.
    if (commits.length === 0) return { through, text: Buffer.from([...parts].join('')) };
    const source = { parts, sourceBytes: commits.reduce((bytes, commit) => bytes + bytesOf(commit), 0) };
    return { through, text: await this.worker.answers.make(identity, signal, response, source) };
  }
}

/** A reader that was told nothing of the last commits is told the place that it has reached all the same. */
function* eventsOf(
  { commits, position }: Changes,
  { since, prefix, encoding }: InternalChangesQuery,
): Generator<string> {
  const range = changesRange(prefix);
  for (const commit of commits) yield formatChangeEvent(commit, encoding, range);
  const told = commits.at(-1)?.version.sequence ?? since ?? -1;
  if (position !== undefined && position.sequence > told) yield formatPosition(position);
}

/** Of keys and values. */
function bytesOf({ entries, rangeDeletes }: Commit): number {
  let bytes = 0;
  for (const { key, value } of entries) bytes += key.byteLength + value.byteLength;
  for (const { start, end } of rangeDeletes) bytes += start.byteLength + (end?.byteLength ?? 0);
  return bytes;
}
