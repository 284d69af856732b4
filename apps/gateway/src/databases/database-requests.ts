import { Inject, Injectable } from '@nestjs/common';
import type { DatabaseEntry } from '@leasehold/directory';
import { Directory } from '@leasehold/directory';
import type { ApiRoute, DataScope } from '@leasehold/protocol';
import { IDEMPOTENCY_HEADER, parseIdempotencyKey } from '@leasehold/protocol';
import { phasesOf } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { ResponsePresence } from '../forwarding/client-presence.js';
import type { ForwardedRequest } from '../forwarding/forwarder.js';
import { Forwarder } from '../forwarding/forwarder.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { passedHeaders } from '../forwarding/worker-answer.js';
import { principalOf } from '../limits/limit-tenants.js';
import { requireRoom } from '../limits/tenant-storage.js';
import type { Caller } from './caller.js';
import { callerOf } from './caller.js';
import { passedRequestHeaders, refuseOtherHeaders } from './request-rules.js';

/** A route of {@link API_ROUTES} that needs a key. */
export type DatabaseRoute = Pick<ApiRoute, 'headers'> & { readonly scopes: readonly [DataScope, ...DataScope[]] };

/** What of a request goes to a worker. */
export type Hop = Pick<ForwardedRequest, 'method' | 'resource' | 'body' | 'repetition'> &
  /** Beside those of the request. */
  Partial<Pick<ForwardedRequest, 'headers'>>;

/** The way of every request to a database: who asks, then what is asked, then to a worker and back. */
@Injectable()
export class DatabaseRequests {
  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Forwarder) private readonly forwarder: Forwarder,
  ) {}

  /** Who asks comes first, so that strangers learn nothing. @throws ProblemError as `callerOf`, unsupported-header */
  async admit(request: FastifyRequest, { scopes, headers }: DatabaseRoute): Promise<Caller> {
    // A body takes time to arrive, in which the key may have been revoked.
    const known = request.body === undefined ? principalOf(request) : undefined;
    const caller = await callerOf(request, this.directory, scopes, known);
    phasesOf(request)?.enter('other');
    refuseOtherHeaders(request, headers);
    return caller;
  }

  /**
   * Before anything is written that may make a database larger. Whose databases it belongs to has to have room: of a database that was
   * granted, that is not who asks. Where the directory cannot tell, there is.
   * @throws ProblemError quota-exceeded
   */
  async requireRoom({ tenantId }: Pick<DatabaseEntry, 'tenantId'>): Promise<void> {
    const owner =
      this.directory.knownTenant(tenantId) ?? (await this.directory.tenant(tenantId).catch(() => undefined));
    if (owner !== undefined) requireRoom(owner);
  }

  /** The answer of a worker, success or refusal. @throws ProblemError as `Forwarder.forward` */
  forward(
    { database, keys }: Pick<Caller, 'database' | 'keys'>,
    hop: Hop,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<WorkerAnswer> {
    const name = parseIdempotencyKey(request.headers);
    const headers = name === undefined ? hop.headers : { ...hop.headers, [IDEMPOTENCY_HEADER]: keys.ownName(name) };
    return this.hops(database, request, reply)(headers ? { ...hop, headers } : hop);
  }

  /** The same for a request that is served by several hops, one after another. */
  hops(database: DatabaseEntry, request: FastifyRequest, reply: FastifyReply): (hop: Hop) => Promise<WorkerAnswer> {
    const client = new ResponsePresence(reply.raw);
    return (hop) =>
      this.forwarder.forward({
        ...hop,
        database,
        headers: { ...passedRequestHeaders(request), ...hop.headers },
        requestId: request.id,
        phases: phasesOf(request),
        client,
      });
  }

  send(reply: FastifyReply, answer: WorkerAnswer): void {
    void reply
      .status(answer.status)
      .headers(passedHeaders(answer))
      .send(answer.status === 304 ? undefined : answer.body);
  }
}
