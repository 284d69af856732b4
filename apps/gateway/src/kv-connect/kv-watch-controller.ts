import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { DatabaseEntry } from '@leasehold/directory';
import type { TenantId } from '@leasehold/foundation';
import { API_ROUTES, decodeWatch, parseQueryString, rawQueryOf } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { FeedConnection } from '../changes/feed-connection.js';
import { FeedRequests } from '../changes/feed-requests.js';
import { FeedStreams } from '../changes/feed-streams.js';
import { Feeds } from '../changes/feeds.js';
import { DatabaseRequests } from '../databases/database-requests.js';
import { passedRequestHeaders } from '../databases/request-rules.js';
import { presenceOf } from '../forwarding/client-presence.js';
import { Forwarder } from '../forwarding/forwarder.js';
import { oweBytes } from '../limits/limit-tenants.js';
import { commonPrefix } from './common-prefix.js';
import type { KvKeys } from './kv-reads.js';
import { readKeys } from './kv-reads.js';
import { messageOf } from './kv-requests.js';
import { WATCH_FORM } from './watch-form.js';
import { WatchSource } from './watch-source.js';

/**
 * Watched keys as a stream of messages. It is a change feed in all but what it tells: it counts as one, outlives takeovers as one, and
 * whatever is wrong with a request is told before the stream begins.
 */
@Controller('kv')
export class KvWatchController {
  constructor(
    @Inject(DatabaseRequests) private readonly requests: DatabaseRequests,
    @Inject(Forwarder) private readonly forwarder: Forwarder,
    @Inject(Feeds) private readonly feeds: Feeds,
    @Inject(FeedStreams) private readonly streams: FeedStreams,
  ) {}

  @Post(':database/v2/watch')
  @HttpCode(200)
  async watch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { principal, database, keys: granted } = await this.requests.admit(request, API_ROUTES.kvWatch);
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const keys = decodeWatch(messageOf(request, database));
    for (const [i, key] of keys.entries()) granted.requireKey(key, `keys.${i}`);
    const { tenantId } = principal;
    const leave = this.feeds.enter(tenantId);
    try {
      const { clock, settings } = this.feeds;
      const connection = new FeedConnection(reply.raw, clock, settings, WATCH_FORM);
      const source = this.sourceOf(request, tenantId, database, keys);
      const first = await source.first(connection.gone);
      await this.streams.run(request, reply, { connection, source, database, first });
    } finally {
      leave();
    }
  }

  private sourceOf(
    request: FastifyRequest,
    tenantId: TenantId,
    database: DatabaseEntry,
    keys: readonly Uint8Array[],
  ): WatchSource {
    const rest = { tenantId, database, headers: passedRequestHeaders(request), requestId: request.id };
    // That something has happened is all that is asked: what is there is read.
    const query = { prefix: commonPrefix(keys), encoding: 'base64', maxCommits: 1 } as const;
    const admit = (sizeBytes: number) => this.feeds.admitPart(tenantId, sizeBytes);
    const changes = new FeedRequests(this.forwarder, admit, { ...rest, query });
    const read = async (signal: AbortSignal): Promise<KvKeys> => {
      // Of one look: its answer has its room until it is read, not for as long as the watch is there.
      const look = new AbortController();
      const end = (): void => look.abort();
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
      try {
        const client = presenceOf(look.signal);
        return await readKeys((hop) => this.forwarder.forward({ ...hop, ...rest, client }), keys);
      } finally {
        signal.removeEventListener('abort', end);
        end();
      }
    };
    return new WatchSource(changes, read, {
      admit,
      onUntold: async (sizeBytes, signal) => {
        oweBytes(request, sizeBytes);
        await this.feeds.clock.sleep(this.feeds.settings.emptyPauseMs, signal).catch(() => undefined);
      },
    });
  }
}
