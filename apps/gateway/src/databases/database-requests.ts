import { Inject, Injectable, Optional } from '@nestjs/common';
import type { DatabaseEntry, Principal, Spending } from '@leasehold/directory';
import { Directory } from '@leasehold/directory';
import { systemClock } from '@leasehold/foundation';
import type { ApiRoute, DataScope } from '@leasehold/protocol';
import { IDEMPOTENCY_HEADER, parseIdempotencyKey, ProblemError } from '@leasehold/protocol';
import { phasesOf } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { bearerToken } from '../bearer-token.js';
import { BudgetGuard } from '../budgets/budget-guard.js';
import { ResponsePresence } from '../forwarding/client-presence.js';
import type { ForwardedRequest } from '../forwarding/forwarder.js';
import { Forwarder } from '../forwarding/forwarder.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { passedHeaders } from '../forwarding/worker-answer.js';
import { principalOf } from '../limits/limit-tenants.js';
import { requireRoom } from '../limits/tenant-storage.js';
import { noteDatabase } from '../usage/read-usage.js';
import type { Caller } from './caller.js';
import { callerOf } from './caller.js';
import { CREATE_HEADER, FirstWriteCreation } from './first-write-creation.js';
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
  private readonly creation: FirstWriteCreation;

  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Forwarder) private readonly forwarder: Forwarder,
    @Optional() @Inject(BudgetGuard) private readonly budgets?: BudgetGuard,
  ) {
    this.creation = new FirstWriteCreation(directory, systemClock);
  }

  /** Who asks comes first, so that strangers learn nothing. @throws ProblemError as `callerOf`, unsupported-header */
  async admit(request: FastifyRequest, route: DatabaseRoute): Promise<Caller> {
    // A body takes time to arrive, in which the key may have been revoked.
    const known = request.body === undefined ? principalOf(request) : undefined;
    const caller = await this.callerOf(request, route, known);
    noteDatabase(request, caller.database);
    phasesOf(request)?.enter('other');
    refuseOtherHeaders(request, route.headers);
    return caller;
  }

  /** Where there is no database, and the request says that there is to be one, it is made first. */
  private async callerOf(
    request: FastifyRequest,
    { scopes, headers }: DatabaseRoute,
    known: Principal | undefined,
  ): Promise<Caller> {
    const said = headers.includes(CREATE_HEADER) ? request.headers[CREATE_HEADER] : undefined;
    if (said === undefined) return callerOf(request, this.directory, scopes, known);
    const principal = known ?? (await this.directory.authenticate(bearerToken(request.headers.authorization)));
    const isWanted = FirstWriteCreation.isWantedBy(said);
    try {
      return await callerOf(request, this.directory, scopes, principal);
    } catch (error) {
      const isMissing = error instanceof ProblemError && error.code === 'database-not-found';
      if (!isMissing || !isWanted) throw error;
    }
    await this.creation.make(principal, (request.params as { readonly database: string }).database);
    return callerOf(request, this.directory, scopes, principal);
  }

  /**
   * Before anything is written that may make a database larger. Whose databases it belongs to has to have room: of a database that was
   * granted, that is not who asks. Where the directory cannot tell, there is.
   * @throws ProblemError quota-exceeded
   */
  private async requireRoom({ tenantId }: Pick<DatabaseEntry, 'tenantId'>): Promise<void> {
    const owner =
      this.directory.knownTenant(tenantId) ?? (await this.directory.tenant(tenantId).catch(() => undefined));
    if (owner !== undefined) requireRoom(owner);
  }

  /** Before anything is read: what it may come to is reserved of budgets. @throws ProblemError as `BudgetGuard.read` */
  async reserveRead(request: FastifyRequest, caller: Caller, most: Spending): Promise<void> {
    await this.budgets?.read(request, caller, most);
  }

  /** Before anything is written that may make a database larger. @throws ProblemError as {@link requireRoom}, `BudgetGuard.write` */
  async reserveWrite(request: FastifyRequest, caller: Caller, most: Spending): Promise<void> {
    await this.requireRoom(caller.database);
    await this.budgets?.write(request, caller, most);
  }

  /** Before anything is deleted. @throws ProblemError as `BudgetGuard.remove` */
  async reserveRemoval(request: FastifyRequest, caller: Caller, most: Spending): Promise<void> {
    await this.budgets?.remove(request, caller, most);
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
        tenantId: principalOf(request)?.tenantId,
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
