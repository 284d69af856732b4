import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Directory } from '@leasehold/directory';

import { Exchange, ROUTE_OF } from './exchange.js';
import type { ExchangeParts } from './exchange.js';
import { plainHeadOf } from './plain-head.js';
import type { TenantLimits } from '../limits/tenant-limits.js';
import { isFull } from '../limits/tenant-storage.js';

export interface ExpressParts extends ExchangeParts {
  readonly directory: Directory;
  readonly limits: TenantLimits;
}

/**
 * The short way of plain requests of one key, ahead of the routes: everything that they need is in memory, and the owner of their database
 * takes frames. What it answers is what the routes would answer, header by header, and counts where theirs counts. Where anything is not as
 * it expects, it has touched nothing, and the routes have the request.
 */
export class ExpressLane {
  constructor(private readonly parts: ExpressParts) {}

  /** As `AheadOfRoutes`. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const { parts } = this;
    const { directory, limits, forwarder, accounts, clock } = parts;
    const beganMs = clock.monotonic();
    const head = plainHeadOf(request);
    if (head === undefined || accounts.drain.stopping || response.destroyed) return false;
    const at = { wallMs: clock.now(), monotonicMs: beganMs };
    const principal = directory.knownPrincipal(head.apiKey, at);
    if (principal?.scopes.has(ROUTE_OF[head.method].scopes[0]) !== true) return false;
    // To what a key is confined, the routes know.
    if (principal.grant !== undefined) return false;
    const database = directory.knownDatabase(principal.tenantId, head.database, at);
    if (database === undefined) return false;
    const owner = forwarder.lastOwner(database.id);
    if (owner?.isChannelOpen !== true) return false;
    const tenant = directory.knownTenant(principal.tenantId, at);
    if (tenant === undefined) return false;
    if (database.tenantId !== tenant.id && !directory.isKnownActive(database.tenantId, at)) return false;
    // What is reserved of budgets, the routes know.
    const host = database.tenantId === tenant.id ? tenant : directory.knownTenant(database.tenantId, at);
    if (host?.budgets !== undefined) return false;
    // Whether there is room, and what a guest may change and how it names that, the routes know.
    if (head.method === 'PUT' && isFull(tenant)) return false;
    if (head.method !== 'GET' && database.tenantId !== tenant.id) return false;
    const nowMs = clock.monotonic();
    const account = limits.enterQuietly(tenant, head.bodyBytes, nowMs);
    if (account === undefined) return false;
    new Exchange(parts, head, database, principal.keyId, account, request, response, beganMs, nowMs).begin();
    return true;
  }
}
