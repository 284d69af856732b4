import type { DatabaseEntry } from '@leasehold/directory';
import type { Clock, DatabaseId, TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import type { ClientPresence } from '../forwarding/client-presence.js';

export interface TenantWakesSettings {
  /** Databases of a tenant that are woken at the same time, 1 or more. */
  readonly limitOf: (tenantId: TenantId) => number;
  /** Requests of a tenant that wait for a wake of theirs, at most. */
  readonly maxWaiting?: number;
  /** A request waits for so long at most. */
  readonly maxWaitMs: number;
  readonly onRefused?: () => void;
}

/** One that waits for its turn. Resolved with whether it has one. */
interface Waiter {
  readonly database: DatabaseId;
  readonly end: (hasTurn: boolean) => void;
}

interface Wakes {
  /** Being woken, with the requests that wait for it. */
  readonly databases: Map<DatabaseId, number>;
  /** In the order in which they came. */
  waiting: Waiter[];
}

const DEFAULT_MAX_WAITING = 128;
/** A wake takes two or three round trips to the bucket: some of them have ended by then. */
const RETRY_AFTER_MS = 1_000;

/**
 * How many cold databases of one tenant are woken at the same time, so that one who asks ten thousand of them at once does not fill the
 * workers with claims, nor the gateway with requests that wait for them. Requests of one database share its wake. A bounded number waits
 * for a turn, first come first served; more are refused.
 */
export class TenantWakes {
  private readonly tenants = new Map<TenantId, Wakes>();
  private readonly maxWaiting: number;

  constructor(
    private readonly clock: Clock,
    private readonly settings: TenantWakesSettings,
  ) {
    this.maxWaiting = settings.maxWaiting ?? DEFAULT_MAX_WAITING;
  }

  /** Tenants that wake something. */
  get count(): number {
    return this.tenants.size;
  }

  /**
   * Resolves once the database may be woken, with what tells that it is awake, or that it will not be; twice is once.
   * @throws ProblemError too-many-requests, or unavailable where the client is gone: nothing was sent to anybody
   */
  async enter({ id, tenantId }: Pick<DatabaseEntry, 'id' | 'tenantId'>, client: ClientPresence): Promise<() => void> {
    const wakes = this.wakesOf(tenantId);
    if (!this.join(wakes, tenantId, id)) await this.wait(wakes, tenantId, id, client);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.leave(wakes, tenantId, id);
    };
  }

  private wakesOf(tenantId: TenantId): Wakes {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) return known;
    const wakes: Wakes = { databases: new Map(), waiting: [] };
    this.tenants.set(tenantId, wakes);
    return wakes;
  }

  /** @returns false when there is no turn for it now */
  private join({ databases }: Wakes, tenantId: TenantId, database: DatabaseId): boolean {
    const requests = databases.get(database) ?? 0;
    if (requests === 0 && databases.size >= this.settings.limitOf(tenantId)) return false;
    databases.set(database, requests + 1);
    return true;
  }

  private async wait(wakes: Wakes, tenantId: TenantId, database: DatabaseId, client: ClientPresence): Promise<void> {
    if (client.isGone) throw wentAway();
    if (wakes.waiting.length >= this.maxWaiting) throw this.refusal(tenantId);
    const hasTurn = await new Promise<boolean>((resolve) => {
      const end = (turn: boolean) => {
        timer.cancel();
        resolve(turn);
      };
      const waiter: Waiter = { database, end };
      const giveUp = () => {
        if (!wakes.waiting.includes(waiter)) return;
        wakes.waiting = wakes.waiting.filter((other) => other !== waiter);
        end(false);
      };
      const timer = this.clock.schedule(this.settings.maxWaitMs, giveUp);
      wakes.waiting.push(waiter);
      client.onGone(giveUp);
    });
    if (!hasTurn) throw client.isGone ? wentAway() : this.refusal(tenantId);
  }

  private leave(wakes: Wakes, tenantId: TenantId, database: DatabaseId): void {
    const requests = (wakes.databases.get(database) ?? 1) - 1;
    if (requests > 0) {
      wakes.databases.set(database, requests);
      return;
    }
    wakes.databases.delete(database);
    const waiting = wakes.waiting;
    wakes.waiting = [];
    for (const waiter of waiting) {
      if (this.join(wakes, tenantId, waiter.database)) waiter.end(true);
      else wakes.waiting.push(waiter);
    }
    if (wakes.databases.size === 0) this.tenants.delete(tenantId);
  }

  private refusal(tenantId: TenantId): ProblemError {
    this.settings.onRefused?.();
    const limit = this.settings.limitOf(tenantId);
    return new ProblemError('too-many-requests', `at most ${limit} databases of a tenant are opened at the same time`, {
      retryAfterMs: RETRY_AFTER_MS,
      members: { violatedPolicies: ['wakes'] },
    });
  }
}

function wentAway(): ProblemError {
  return new ProblemError('unavailable', 'the client went away while its request was held');
}
