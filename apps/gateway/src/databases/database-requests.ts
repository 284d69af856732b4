import { Inject, Injectable, Optional } from '@nestjs/common';
import type { DatabaseEntry, Principal, Spending } from '@leasehold/directory';
import { Directory } from '@leasehold/directory';
import { systemClock } from '@leasehold/foundation';
import type { ApiRoute, DataScope } from '@leasehold/protocol';
import { HOP_HEADERS, IDEMPOTENCY_HEADER, parseIdempotencyKey, ProblemError } from '@leasehold/protocol';
import { phasesOf } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { bearerToken } from '../bearer-token.js';
import { BudgetGuard } from '../budgets/budget-guard.js';
import { ResponsePresence } from '../forwarding/client-presence.js';
import type { ForwardedRequest } from '../forwarding/forwarder.js';
import { Forwarder } from '../forwarding/forwarder.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { passedHeaders } from '../forwarding/worker-answer.js';
import { GrantedKeys } from '../grants/granted-keys.js';
import { principalOf } from '../limits/limit-tenants.js';
import { requireRoom } from '../limits/tenant-storage.js';
import { noteDatabase } from '../usage/read-usage.js';
import type { Caller } from './caller.js';
import { callerOf } from './caller.js';
import { CREATE_HEADER, FirstWriteCreation } from './first-write-creation.js';
import { passedRequestHeaders, refuseOtherHeaders } from './request-rules.js';

/** A route of {@link API_ROUTES} that needs a key. */
export type DatabaseRoute = Pick<ApiRoute, 'headers'> & { readonly scopes: readonly [DataScope, ...DataScope[]] };

/** Whose key it is, where that was asked a moment ago. A body takes time to arrive, in which the key may have been revoked. */
function knownAs(request: FastifyRequest): Principal | undefined {
  return request.body === undefined ? principalOf(request) : undefined;
}

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
  async admit(request: FastifyRequest, { scopes, headers }: DatabaseRoute): Promise<Caller> {
    const caller = await callerOf(request, this.directory, scopes, knownAs(request));
    noteDatabase(request, caller.database);
    phasesOf(request)?.enter('other');
    refuseOtherHeaders(request, headers);
    return caller;
  }

  /**
   * The same for a write, which may say that its database is to be made where there is none.
   * @param read what is asked, from the request; nothing is made for one that is wrong
   * @throws ProblemError as {@link admit}, `read`, and `FirstWriteCreation`; quota-exceeded
   */
  async admitWrite<T>(
    request: FastifyRequest,
    route: DatabaseRoute,
    read: (asker: Pick<Caller, 'principal' | 'keys'>) => T,
  ): Promise<readonly [Caller, T]> {
    const said = request.headers[CREATE_HEADER];
    if (said !== undefined) {
      const principal =
        knownAs(request) ?? (await this.directory.authenticate(bearerToken(request.headers.authorization)));
      if (FirstWriteCreation.isWantedBy(said)) {
        const made = await this.madeFor(request, route, principal, read);
        if (made !== undefined) return made;
      }
    }
    const caller = await this.admit(request, route);
    return [caller, read(caller)];
  }

  /** @returns undefined where there is such a database */
  private async madeFor<T>(
    request: FastifyRequest,
    route: DatabaseRoute,
    principal: Principal,
    read: (asker: Pick<Caller, 'principal' | 'keys'>) => T,
  ): Promise<readonly [Caller, T] | undefined> {
    try {
      await callerOf(request, this.directory, route.scopes, principal);
      return undefined;
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'database-not-found')) throw error;
    }
    const { database: name } = request.params as { readonly database: string };
    FirstWriteCreation.requireMaker(principal, name);
    refuseOtherHeaders(request, route.headers);
    const asked = read({ principal, keys: new GrantedKeys(principal.grant?.keyPrefix) });
    await this.requireRoom(principal);
    await this.creation.make(principal.tenantId, name);
    return [await this.admit(request, route), asked];
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
    const isUnbilled = this.budgets?.isUnbilledRemoval(request) === true;
    const unbilled: Record<string, string> = isUnbilled ? { [HOP_HEADERS.unbilled]: 'true' } : {};
    return (hop) =>
      this.forwarder.forward({
        ...hop,
        database,
        tenantId: principalOf(request)?.tenantId,
        headers: { ...passedRequestHeaders(request), ...hop.headers, ...unbilled },
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
