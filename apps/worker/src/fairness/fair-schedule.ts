import type { DatabaseId, TenantId } from '@leasehold/foundation';

import type { Turn } from './earliest.js';
import { Earliest } from './earliest.js';

/** One request, as far as its turn depends on it. */
export interface Work {
  readonly tenantId: TenantId;
  readonly databaseId: DatabaseId;
  /** What it takes of the worker, in units, 1 or more; see `work-cost.ts`. */
  readonly units: number;
}

export interface FairScheduleSettings {
  /** Under way at the same time, of all tenants. */
  readonly maxUnits: number;
  /** Of one tenant. Below `maxUnits`, so that no tenant alone can make others wait for its slow requests. */
  readonly maxUnitsOfTenant: number;
  /** Requests that wait for their turn. */
  readonly maxWaiting: number;
  readonly maxWaitingOfTenant: number;
  /** Of two tenants that always wait, one with twice the weight gets twice as much; 1 by default. */
  readonly weightOf?: (tenantId: TenantId) => number;
}

interface DatabaseTurns<W> extends Turn {
  readonly databaseId: DatabaseId;
  readonly waiting: Set<W>;
  isListed: boolean;
}

interface TenantTurns<W> extends Turn {
  readonly tenantId: TenantId;
  readonly weight: number;
  readonly databases: Map<DatabaseId, DatabaseTurns<W>>;
  readonly order: Earliest<DatabaseTurns<W>>;
  /** Virtual time between its databases. */
  now: number;
  waiting: number;
  units: number;
  isListed: boolean;
}

/**
 * Whose turn it is: fair between tenants, and inside a tenant between its databases, by units of work and not by requests. Start-time
 * fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) at both levels: who is served moves on by what that cost, the one who is furthest
 * behind is next, and who comes after a pause begins where the others are, with neither credit nor debt.
 *
 *     add → waits → next → under way → done
 *
 * So while a tenant floods, a request of a quiet one has at most one request of each other tenant before it, whatever waits behind
 * that; and nobody waits for ever. What is under way is not taken back: its bounds keep that short.
 *
 * Pure: no clock, no promises. Memory is that of the requests.
 */
export class FairSchedule<W extends Work> {
  private readonly tenants = new Map<TenantId, TenantTurns<W>>();
  private readonly order = new Earliest<TenantTurns<W>>();
  private now = 0;
  private waitingCount = 0;
  private unitsUnderWay = 0;

  constructor(private readonly settings: FairScheduleSettings) {}

  /** Requests that wait. */
  get waiting(): number {
    return this.waitingCount;
  }

  /** Units under way. */
  get units(): number {
    return this.unitsUnderWay;
  }

  /** Tenants with anything waiting or under way. */
  get tenantCount(): number {
    return this.tenants.size;
  }

  /** True when this one would be `next` at once: it need not wait, and nobody else does. */
  isFree(work: Work): boolean {
    return (
      this.waitingCount === 0 && this.fits(work.units) && this.fitsTenant(this.tenants.get(work.tenantId), work.units)
    );
  }

  /** Takes a request into its queue. @returns false when there is no room for it: nothing was taken */
  add(work: W): boolean {
    const { maxWaiting, maxWaitingOfTenant } = this.settings;
    if (this.waitingCount >= maxWaiting) return false;
    const tenant = this.tenantOf(work.tenantId);
    if (tenant.waiting >= maxWaitingOfTenant) return false;
    let database = tenant.databases.get(work.databaseId);
    if (database === undefined) {
      database = { databaseId: work.databaseId, at: tenant.now, waiting: new Set(), isListed: false };
      tenant.databases.set(work.databaseId, database);
    }
    database.waiting.add(work);
    tenant.waiting++;
    this.waitingCount++;
    this.list(tenant, database);
    return true;
  }

  /** Begins a request that `isFree`, without waiting. */
  begin(work: Work): void {
    const tenant = this.tenantOf(work.tenantId);
    tenant.at = Math.max(tenant.at, this.now);
    this.serve(tenant, work);
  }

  /** The request whose turn it is, which is under way now; undefined when nobody waits whose work has room. */
  next(): W | undefined {
    // Each turn either gives a request or takes a tenant off the list.
    while (this.order.first !== undefined) {
      const tenant = this.order.first;
      if (tenant.waiting === 0) {
        this.unlist(tenant);
        continue;
      }
      const work = peek(tenant);
      // Its requests end, and then it is listed again.
      if (!this.fitsTenant(tenant, work.units)) {
        this.unlist(tenant);
        continue;
      }
      // Nobody passes the one whose turn it is, or what is large would wait for ever.
      if (!this.fits(work.units)) return undefined;
      this.take(tenant, work);
      return work;
    }
    return undefined;
  }

  /** A request under way has ended. */
  done(work: Work): void {
    const tenant = this.tenants.get(work.tenantId);
    if (tenant === undefined) return;
    tenant.units -= work.units;
    this.unitsUnderWay -= work.units;
    if (tenant.waiting > 0) this.listTenant(tenant);
    else if (tenant.units === 0) this.forgetIfIdle(tenant);
  }

  /** Who waited for it waits no more. @returns false when it does not wait */
  remove(work: W): boolean {
    const tenant = this.tenants.get(work.tenantId);
    const database = tenant?.databases.get(work.databaseId);
    if (tenant === undefined || database?.waiting.delete(work) !== true) return false;
    tenant.waiting--;
    this.waitingCount--;
    // An empty queue leaves the order when its turn comes.
    return true;
  }

  private take(tenant: TenantTurns<W>, work: W): void {
    const database = tenant.order.takeFirst() as DatabaseTurns<W>;
    database.isListed = false;
    database.waiting.delete(work);
    tenant.now = database.at;
    database.at += work.units;
    if (database.waiting.size > 0) this.listDatabase(tenant, database);
    else if (tenant.order.count === 0) tenant.databases.clear();
    this.unlist(tenant);
    tenant.waiting--;
    this.waitingCount--;
    this.serve(tenant, work);
    if (tenant.waiting > 0) this.listTenant(tenant);
  }

  /** Virtual time is the turn of who was served last; its own next turn is later by what this one costs. */
  private serve(tenant: TenantTurns<W>, work: Work): void {
    this.now = Math.max(this.now, tenant.at);
    tenant.at += work.units / tenant.weight;
    tenant.units += work.units;
    this.unitsUnderWay += work.units;
  }

  private fits(units: number): boolean {
    // What is larger than the bound goes alone.
    return this.unitsUnderWay === 0 || this.unitsUnderWay + units <= this.settings.maxUnits;
  }

  private fitsTenant(tenant: TenantTurns<W> | undefined, units: number): boolean {
    return tenant === undefined || tenant.units === 0 || tenant.units + units <= this.settings.maxUnitsOfTenant;
  }

  private tenantOf(tenantId: TenantId): TenantTurns<W> {
    let tenant = this.tenants.get(tenantId);
    if (tenant === undefined) {
      const weight = this.settings.weightOf?.(tenantId) ?? 1;
      const order = new Earliest<DatabaseTurns<W>>();
      const none = { now: 0, waiting: 0, units: 0, isListed: false };
      tenant = { tenantId, weight, at: this.now, databases: new Map(), order, ...none };
      this.tenants.set(tenantId, tenant);
    }
    return tenant;
  }

  private list(tenant: TenantTurns<W>, database: DatabaseTurns<W>): void {
    this.listDatabase(tenant, database);
    this.listTenant(tenant);
  }

  private listDatabase(tenant: TenantTurns<W>, database: DatabaseTurns<W>): void {
    if (database.isListed) return;
    database.at = Math.max(database.at, tenant.now);
    database.isListed = true;
    tenant.order.add(database);
  }

  private listTenant(tenant: TenantTurns<W>): void {
    if (tenant.isListed) return;
    tenant.at = Math.max(tenant.at, this.now);
    tenant.isListed = true;
    this.order.add(tenant);
  }

  /** The first of the order leaves it. */
  private unlist(tenant: TenantTurns<W>): void {
    this.order.takeFirst();
    tenant.isListed = false;
    if (tenant.waiting === 0 && tenant.units === 0) this.forgetIfIdle(tenant);
  }

  /** What it has had beyond the others it is forgiven: nobody else waits, or it would not have had it. */
  private forgetIfIdle(tenant: TenantTurns<W>): void {
    if (!tenant.isListed) this.tenants.delete(tenant.tenantId);
  }
}

/** The request of a tenant whose turn it is. Queues that were left empty go. */
function peek<W extends Work>(tenant: TenantTurns<W>): W {
  for (;;) {
    const database = tenant.order.first;
    if (database === undefined) throw new Error('a tenant with requests has a database with requests');
    for (const work of database.waiting) return work;
    tenant.order.takeFirst();
    database.isListed = false;
    tenant.databases.delete(database.databaseId);
  }
}
