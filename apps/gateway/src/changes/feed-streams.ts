import { Inject, Injectable, Optional } from '@nestjs/common';
import type { DatabaseEntry } from '@leasehold/directory';
import { Directory } from '@leasehold/directory';
import { ProblemError } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { LOGGER } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { requireListedOrigin } from '../cors.js';
import { callerOf } from '../databases/caller.js';
import { oweBytes } from '../limits/limit-tenants.js';
import { ReadUsage } from '../usage/read-usage.js';
import type { FeedConnection } from './feed-connection.js';
import type { FeedPart, FeedSource } from './feed.js';
import { Feed } from './feed.js';
import { Feeds } from './feeds.js';

/** What is to be streamed: a feed whose first part is there, so that nothing was wrong with its request. */
export interface BegunFeed {
  readonly connection: FeedConnection;
  readonly source: Pick<FeedSource, 'part'>;
  readonly database: DatabaseEntry;
  readonly first: FeedPart;
}

/** Turns an answer into the stream of a feed, whatever is told in it: a change feed, or the keys of a watch. */
@Injectable()
export class FeedStreams {
  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Feeds) private readonly feeds: Feeds,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() @Inject(ReadUsage) private readonly usage?: ReadUsage,
  ) {}

  /** Resolves when the feed is over; nothing else may answer any more. */
  async run(
    request: FastifyRequest,
    reply: FastifyReply,
    { connection, source, database, first }: BegunFeed,
  ): Promise<void> {
    const { clock, random, settings } = this.feeds;
    reply.hijack();
    connection.open(reply.getHeaders(), settings.retryMs);
    const check = () => this.check(request, database);
    const feed = new Feed({ check, part: (...part) => source.part(...part) }, connection, request.id, {
      clock,
      random,
      settings,
      onTold: (sizeBytes) => {
        oweBytes(request, sizeBytes);
        this.usage?.streamed(request, sizeBytes);
      },
      onRefused: (error) => this.logger.warn({ requestId: request.id, err: error }, 'feed ended'),
    });
    await this.feeds.run(feed, first);
  }

  /** @throws ProblemError as `callerOf` and `requireListedOrigin`; also when the name stands for another database by now */
  private async check(request: FastifyRequest, { id }: DatabaseEntry): Promise<void> {
    const { principal, database } = await callerOf(request, this.directory, ['data:read']);
    await requireListedOrigin(request, this.directory, principal.tenantId);
    if (database.id !== id) throw new ProblemError('database-not-found', 'the database of this feed was deleted');
  }
}
