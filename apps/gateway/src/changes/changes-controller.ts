import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { API_ROUTES, parseChangesQuery, ProblemError, rawQueryOf } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { DatabaseRequests } from '../databases/database-requests.js';
import { passedRequestHeaders } from '../databases/request-rules.js';
import { Forwarder } from '../forwarding/forwarder.js';
import { acceptsEventStream } from './accepts-event-stream.js';
import { FEED_HEADERS, FeedConnection } from './feed-connection.js';
import { FeedRequests } from './feed-requests.js';
import { FeedStreams } from './feed-streams.js';
import { Feeds } from './feeds.js';

/**
 * The change feed of a database as a stream of server-sent events. Whatever is wrong with a request is told before the stream begins, by the
 * first part too; from then on only the stream itself can tell it.
 */
@Controller('v1/db/:database')
export class ChangesController {
  constructor(
    @Inject(DatabaseRequests) private readonly requests: DatabaseRequests,
    @Inject(Forwarder) private readonly forwarder: Forwarder,
    @Inject(Feeds) private readonly feeds: Feeds,
    @Inject(FeedStreams) private readonly streams: FeedStreams,
  ) {}

  @Get('changes')
  async changes(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { principal, database, keys } = await this.requests.admit(request, API_ROUTES.followChanges);
    const { since, ...asked } = parseChangesQuery(rawQueryOf(request.originalUrl), request.headers['last-event-id']);
    const query = { ...asked, prefix: asked.prefix ?? keys.prefixOtherwise };
    keys.requirePrefix(query.prefix);
    if (!acceptsEventStream(request.headers.accept)) {
      throw new ProblemError('not-acceptable', 'a change feed is served as text/event-stream');
    }
    // Who asks has the place, whosever database it is: a guest must not take those of its host.
    const { tenantId } = principal;
    const leave = this.feeds.enter(tenantId);
    try {
      const connection = new FeedConnection(reply.raw, this.feeds.clock, this.feeds.settings);
      const source = new FeedRequests(this.forwarder, (sizeBytes) => this.feeds.admitPart(tenantId, sizeBytes), {
        tenantId,
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
      await this.streams.run(request, reply, { connection, source, database, first });
    } finally {
      leave();
    }
  }
}
