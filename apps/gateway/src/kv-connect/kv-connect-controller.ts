import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { Cost, KvMetadata, KvVersion } from '@leasehold/protocol';
import {
  API_ROUTES,
  COST_HEADER,
  decodeAtomicWrite,
  decodeSnapshotRead,
  encodeAtomicWriteOutput,
  encodeSnapshotReadOutput,
  formatCost,
  negotiatedVersion,
  parseIdempotencyKey,
  parseQueryString,
  rawQueryOf,
  transactionOfKv,
} from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { LOGGER } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { bearerToken } from '../bearer-token.js';
import { kvReadOf, transactionOf } from '../budgets/spending-of.js';
import { Feeds } from '../changes/feeds.js';
import { DatabaseRequests } from '../databases/database-requests.js';
import { oweBytes } from '../limits/limit-tenants.js';
import { grows } from '../limits/tenant-storage.js';
import { jsonOf, valueOf } from '../databases/request-rules.js';
import { grantedRanges, keyOf } from './granted-ranges.js';
import { AnswerTooLarge, readFrom, readRanges } from './kv-reads.js';
import { messageOf } from './kv-requests.js';
import { drawnKey, write } from './kv-writes.js';

/** Clients come back five minutes before. What it tells stays true for as long as the key does. */
const METADATA_LIFETIME_MS = 3_600_000;

/** KV Connect, the protocol of remote Deno KV databases: connecting, reading and writing (docs/kv-connect.md). */
@Controller('kv')
export class KvConnectController {
  constructor(
    @Inject(DatabaseRequests) private readonly requests: DatabaseRequests,
    @Inject(Feeds) private readonly feeds: Feeds,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The token of the data path is the key itself: what may be done with it is looked up with each request anyway. */
  @Post(':database')
  @HttpCode(200)
  async connect(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { database } = await this.requests.admit(request, API_ROUTES.kvConnect);
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const body = valueOf(request);
    const version = negotiatedVersion(body.byteLength === 0 ? body : jsonOf(request));
    const metadata: KvMetadata = {
      version,
      databaseId: database.id,
      endpoints: [{ url: endpointOf(request, version), consistency: 'strong' }],
      token: bearerToken(request.headers.authorization),
      expiresAt: new Date(this.feeds.clock.now() + METADATA_LIFETIME_MS).toISOString(),
    };
    // As bytes, so that no charset is added: clients want exactly this type.
    reply
      .headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
      .send(Buffer.from(JSON.stringify(metadata)));
  }

  @Post(':database/v2/snapshot_read')
  @HttpCode(200)
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.requests.admit(request, API_ROUTES.kvSnapshotRead);
    const { database, keys } = caller;
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const ranges = decodeSnapshotRead(messageOf(request, database));
    const granted = grantedRanges(ranges, keys);
    await this.requests.reserveRead(request, caller, kvReadOf(ranges));
    const ask = this.requests.hops(database, request, reply);
    const only = granted.length === 1 ? granted[0] : undefined;
    const key = only && keyOf(only);
    const reading = only && key ? readFrom(ask, key, only) : readRanges(ask, granted);
    const { found, cost } = await reading.catch((error: unknown) => {
      if (error instanceof AnswerTooLarge) {
        oweBytes(request, error.readBytes);
        void reply.header(COST_HEADER, formatCost(error.cost));
      }
      throw error;
    });
    sendMessage(reply, encodeSnapshotReadOutput(found), cost);
  }

  @Post(':database/v2/atomic_write')
  @HttpCode(200)
  async write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.requests.admit(request, API_ROUTES.kvAtomicWrite);
    const { database, keys } = caller;
    parseQueryString(rawQueryOf(request.originalUrl), []);
    const sent = parseIdempotencyKey(request.headers);
    const key = sent === undefined ? drawnKey(this.feeds.random) : keys.ownName(sent);
    const transaction = transactionOfKv(decodeAtomicWrite(messageOf(request, database)));
    keys.requireTransaction(transaction);
    const most = transactionOf(transaction);
    if (grows(transaction)) await this.requests.reserveWrite(request, caller, most);
    else if (transaction.ops.length > 0) await this.requests.reserveRemoval(request, caller, most);
    else await this.requests.reserveRead(request, caller, most);
    const ask = this.requests.hops(database, request, reply);
    const { outcome, cost, cause } = await write(ask, transaction, key);
    if (outcome.kind === 'unknown') {
      this.logger.warn({ requestId: request.id, err: cause }, 'nobody knows whether a write of KV Connect was applied');
    }
    sendMessage(reply, encodeAtomicWriteOutput(outcome), cost);
  }
}

/** From the second version on clients resolve it against the URL that they connected to; before, it has to be whole. */
function endpointOf(request: FastifyRequest, version: KvVersion): string {
  // As the client calls it: what another tenant has granted is not found by its own name alone.
  const { database: name } = request.params as { readonly database: string };
  if (version > 1) return `./${name}/v2`;
  const isSecure = request.headers['x-forwarded-proto'] === 'https';
  return `${isSecure ? 'https' : 'http'}://${request.headers.host ?? ''}/kv/${name}/v2`;
}

function sendMessage(reply: FastifyReply, message: Uint8Array, cost: Cost | undefined): void {
  reply
    .headers({ 'content-type': 'application/x-protobuf', 'cache-control': 'no-store' })
    .headers(cost === undefined ? {} : { [COST_HEADER]: formatCost(cost) })
    .send(message);
}
