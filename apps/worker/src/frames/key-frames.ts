import { systemClock } from '@leasehold/foundation';
import type { HopFrame } from '@leasehold/protocol';
import { BadFrameError, HOP_PHASES_HEADER } from '@leasehold/protocol';
import type { Logger, RequestAccounts, RequestTimes } from '@leasehold/service-kit';
import { sendProblem } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { trustHop } from '../databases/hop-guard.js';
import type { ReadsController } from '../databases/reads-controller.js';
import type { WritesController } from '../databases/writes-controller.js';
import type { RouteRequest } from './framed-exchange.js';
import { FramedReply, framedRequest } from './framed-exchange.js';

/** As metrics name the same route over HTTP. */
export const ROUTE = '/internal/v1/databases/:databaseId/keys64/:key';
const TARGET = /^\/internal\/v1\/databases\/([^/?%]+)\/keys64\/([^/?%]*)(?:\?|$)/;

export interface KeyFramesParts {
  readonly reads: Pick<ReadsController, 'get'>;
  readonly writes: Pick<WritesController, 'put' | 'delete'>;
  readonly times: RequestTimes;
  readonly accounts: RequestAccounts;
  readonly logger: Logger;
}

/**
 * Serves requests of one key that arrive as frames, by the same routes as over HTTP: what they mean, how they fail and how they are
 * counted is the same.
 */
export class KeyFrames {
  constructor(private readonly parts: KeyFramesParts) {}

  /**
   * Resolves when the answer, success or refusal, has been given to `send`.
   * @throws BadFrameError not a request of one key: the connection is not one of a gateway that we understand
   */
  async serve(frame: HopFrame, send: (head: string, body: Uint8Array) => void): Promise<void> {
    const { times, accounts, logger } = this.parts;
    const begunMs = systemClock.monotonic();
    const request = framedRequest(frame, ROUTE);
    const [, databaseId, key] = TARGET.exec(request.originalUrl) ?? [];
    if (databaseId === undefined || key === undefined) throw new BadFrameError('no request of one key');
    times.begin(request);
    const elapsedMs = (): number => systemClock.monotonic() - begunMs;
    const reply = new FramedReply((head, body) => {
      send(`${head}\n${HOP_PHASES_HEADER}\n${times.end(request, elapsedMs())}`, body);
    });
    const fastify = { request: request as unknown as FastifyRequest, reply: reply as unknown as FastifyReply };
    let leave: (() => void) | undefined;
    try {
      leave = accounts.drain.enter();
      trustHop(request, databaseId);
      await this.route(request, key, fastify.request, fastify.reply);
    } catch (error) {
      sendProblem(error, fastify.request, fastify.reply, logger);
    } finally {
      leave?.();
    }
    const sample = { method: request.method, route: ROUTE, status: reply.statusCode, seconds: elapsedMs() / 1_000 };
    accounts.metrics.record(sample);
    if (logger.isLevelEnabled('debug')) logger.debug({ requestId: request.id, ...sample }, 'request');
  }

  private route({ method }: RouteRequest, key: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { reads, writes } = this.parts;
    if (method === 'GET') return reads.get(key, request, reply);
    if (method === 'PUT') return writes.put(key, request, reply);
    if (method === 'DELETE') return writes.delete(key, request, reply);
    throw new BadFrameError('no method of one key');
  }
}
