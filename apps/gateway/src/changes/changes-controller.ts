import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { DatabaseEntry } from '@leasehold/directory';
import { Directory } from '@leasehold/directory';
import { API_ROUTES, parseChangesQuery, ProblemError, rawQueryOf } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { LOGGER } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { requireListedOrigin } from '../cors.js';
import { callerOf } from '../databases/caller.js';
import { DatabaseRequests } from '../databases/database-requests.js';
import { passedRequestHeaders } from '../databases/request-rules.js';
import { Forwarder } from '../forwarding/forwarder.js';
import { oweBytes } from '../limits/limit-tenants.js';
import { acceptsEventStream } from './accepts-event-stream.js';
import type { FeedPart } from './feed.js';
import { Feed } from './feed.js';
import { FEED_HEADERS, FeedConnection } from './feed-connection.js';
import { FeedRequests } from './feed-requests.js';
import { Feeds } from './feeds.js';

/**
 * The change feed of a database as a stream of server-sent events. Whatever is wrong with a request is told before the stream begins, by the
 * first part too; from then on only the stream itself can tell it.
 */
@Controller('v1/db/:database')
export class ChangesController {
  constructor(
    @Inject(DatabaseRequests) private readonly requests: DatabaseRequests,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Forwarder) private readonly forwarder: Forwarder,
    @Inject(Feeds) private readonly feeds: Feeds,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('changes')
  async changes(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database, keys } = await this.requests.admit(request, API_ROUTES.followChanges);
    const { since, ...asked } = parseChangesQuery(rawQueryOf(request.originalUrl), request.headers['last-event-id']);
    const query = { ...asked, prefix: asked.prefix ?? keys.prefixOtherwise };
    keys.requirePrefix(query.prefix);
    if (!acceptsEventStream(request.headers.accept)) {
      throw new ProblemError('not-acceptable', 'a change feed is served as text/event-stream');
    }
    const leave = this.feeds.enter(database.tenantId);
    try {
      const connection = new FeedConnection(reply.raw, this.feeds.clock, this.feeds.settings);
      const source = new FeedRequests(this.forwarder, (...part) => this.feeds.admitPart(...part), {
        database,
        query,
        headers: passedRequestHeaders(request),
        requestId: request.id,
      });
      const first = await source.part(since?.sequence, 0, connection.gone);
      if (request.method === 'HEAD') {
        first.taken();
        reply.headers(FEED_HEADERS).send();
        return;
      }
      await this.stream(request, reply, { connection, source, database, first });
    } finally {
      leave();
    }
  }

  private async stream(
    request: FastifyRequest,
    reply: FastifyReply,
    { connection, source, database, first }: BegunFeed,
  ): Promise<void> {
    const { clock, random, settings } = this.feeds;
    reply.hijack();
    connection.open(reply.getHeaders(), settings.retryMs);
    const check = () => this.check(request, database);
    const onRefused = (error: unknown): void => {
      this.logger.warn({ requestId: request.id, err: error }, 'change feed ended');
    };
    const feed = new Feed({ check, part: (...part) => source.part(...part) }, connection, request.id, {
      clock,
      random,
      settings,
      onTold: (sizeBytes) => oweBytes(request, sizeBytes),
      onRefused,
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

interface BegunFeed {
  readonly connection: FeedConnection;
  readonly source: FeedRequests;
  readonly database: DatabaseEntry;
  readonly first: FeedPart;
}
