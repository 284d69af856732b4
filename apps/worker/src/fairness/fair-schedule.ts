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
  /** Of one tenant while others have requests; see {@link FairSchedule}. No bound by default. */
  readonly unitsPerSecondOfTenant?: number;
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

interface Queues<W> {
  readonly databases: Map<DatabaseId, DatabaseTurns<W>>;
  readonly order: Earliest<DatabaseTurns<W>>;
}

interface TenantTurns<W> extends Turn {
  readonly tenantId: TenantId;
  readonly weight: number;
  /** Of those that wait. Made with the first: most tenants never have one. */
  queues: Queues<W> | undefined;
  /** Virtual time between its databases. */
  now: number;
  waiting: number;
  units: number;
  /** Of its units per second: what is left, negative when it has had more, and when that was so. */
  tokens: number;
  filledAtMs: number;
  isListed: boolean;
}

/** Of its units per second a tenant may have so many seconds' worth at once. */
const BURST_SECONDS = 1;

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
 * A worker that gives all it has to whoever asks has no time left for who comes next: each of his steps waits for a step of the others.
 * So while others have requests, a tenant that has had its units of the second rests, until they have come back; one that is alone does not.
 *
 * Pure: it is told the time (monotonic ms). Memory is that of the requests.
 */
export class FairSchedule<W extends Work> {
  private readonly tenants = new Map<TenantId, TenantTurns<W>>();
  private readonly order = new Earliest<TenantTurns<W>>();
  /** Have requests that wait, and had their units of the second. */
  private readonly resting = new Set<TenantTurns<W>>();
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
  isFree({ tenantId, units }: Work, nowMs: number): boolean {
    if (this.waitingCount > 0 || !this.fits(units)) return false;
    const tenant = this.tenants.get(tenantId);
    return tenant === undefined || (this.fitsTenant(tenant, units) && !this.mustRest(tenant, nowMs));
  }

  /** Takes a request into its queue. @returns false when there is no room for it: nothing was taken */
  add(work: W, nowMs: number): boolean {
    const { maxWaiting, maxWaitingOfTenant } = this.settings;
    if (this.waitingCount >= maxWaiting) return false;
    const tenant = this.tenantOf(work.tenantId, nowMs);
    if (tenant.waiting >= maxWaitingOfTenant) return false;
    const queues = (tenant.queues ??= { databases: new Map(), order: new Earliest() });
    let database = queues.databases.get(work.databaseId);
    if (database === undefined) {
      database = { databaseId: work.databaseId, at: tenant.now, waiting: new Set(), isListed: false };
      queues.databases.set(work.databaseId, database);
    }
    database.waiting.add(work);
    tenant.waiting++;
    this.waitingCount++;
    this.listDatabase(tenant, queues, database);
    this.listTenant(tenant);
    return true;
  }

  /** Begins a request that `isFree`, without waiting. */
  begin(work: Work, nowMs: number): void {
    const tenant = this.tenantOf(work.tenantId, nowMs);
    tenant.at = Math.max(tenant.at, this.now);
    this.serve(tenant, work, nowMs);
  }

  /** Begins a request that `isFree`, and ends it: the same as {@link begin} and {@link done}, for what takes no time between them. */
  pass(work: Work, nowMs: number): void {
    const tenant = this.tenants.get(work.tenantId);
    // One that has nothing else here is not remembered, as after its last request.
    if (tenant === undefined) return;
    tenant.at = Math.max(tenant.at, this.now);
    this.serve(tenant, work, nowMs);
    tenant.units -= work.units;
    this.unitsUnderWay -= work.units;
  }

  /** Until somebody rests no more who has requests that wait; undefined: nobody rests. */
  msUntilRested(nowMs: number): number | undefined {
    let soonestMs: number | undefined;
    for (const tenant of this.resting) {
      this.fill(tenant, nowMs);
      const ms = (-tenant.tokens / this.unitsPerSecond) * 1_000;
      soonestMs = Math.max(0, Math.min(soonestMs ?? ms, ms));
    }
    return soonestMs;
  }

  /** The request whose turn it is, which is under way now; undefined when nobody waits whose work has room. */
  next(nowMs: number): W | undefined {
    for (const tenant of this.resting) if (!this.mustRest(tenant, nowMs)) this.listTenant(tenant);
    // Each turn either gives a request or takes a tenant off the list.
    while (this.order.first !== undefined) {
      const tenant = this.order.first;
      if (tenant.waiting === 0) {
        this.unlist(tenant);
        continue;
      }
      if (this.mustRest(tenant, nowMs)) {
        this.unlist(tenant);
        this.resting.add(tenant);
        continue;
      }
      const queues = queuesOf(tenant);
      const work = peek(queues);
      // Its requests end, and then it is listed again.
      if (!this.fitsTenant(tenant, work.units)) {
        this.unlist(tenant);
        continue;
      }
      // Nobody passes the one whose turn it is, or what is large would wait for ever.
      if (!this.fits(work.units)) return undefined;
      this.take(tenant, queues, work, nowMs);
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
    const database = tenant?.queues?.databases.get(work.databaseId);
    if (tenant === undefined || database?.waiting.delete(work) !== true) return false;
    tenant.waiting--;
    this.waitingCount--;
    if (tenant.waiting === 0 && this.resting.has(tenant)) this.listTenant(tenant);
    // An empty queue leaves the order when its turn comes, and so does a tenant.
    return true;
  }

  private take(tenant: TenantTurns<W>, queues: Queues<W>, work: W, nowMs: number): void {
    const database = queues.order.takeFirst() as DatabaseTurns<W>;
    database.isListed = false;
    database.waiting.delete(work);
    tenant.now = database.at;
    database.at += work.units;
    if (database.waiting.size > 0) this.listDatabase(tenant, queues, database);
    else if (queues.order.count === 0) queues.databases.clear();
    this.unlist(tenant);
    tenant.waiting--;
    this.waitingCount--;
    this.serve(tenant, work, nowMs);
    if (tenant.waiting > 0) this.listTenant(tenant);
  }

  /** Virtual time is the turn of who was served last; its own next turn is later by what this one costs. */
  private serve(tenant: TenantTurns<W>, work: Work, nowMs: number): void {
    this.fill(tenant, nowMs);
    // What it had while it was alone took nothing from anybody.
    tenant.tokens = Math.max(tenant.tokens - work.units, -work.units);
    this.now = Math.max(this.now, tenant.at);
    tenant.at += work.units / tenant.weight;
    tenant.units += work.units;
    this.unitsUnderWay += work.units;
  }

  private get unitsPerSecond(): number {
    return this.settings.unitsPerSecondOfTenant ?? Infinity;
  }

  private fill(tenant: TenantTurns<W>, nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - tenant.filledAtMs);
    const most = BURST_SECONDS * this.unitsPerSecond;
    // Without a bound there is nothing to fill: infinity times no time is no number.
    if (elapsedMs > 0) tenant.tokens = Math.min(most, tenant.tokens + (elapsedMs / 1_000) * this.unitsPerSecond);
    tenant.filledAtMs = Math.max(nowMs, tenant.filledAtMs);
  }

  private mustRest(tenant: TenantTurns<W>, nowMs: number): boolean {
    if (this.tenants.size === 1) return false;
    this.fill(tenant, nowMs);
    return tenant.tokens < 0;
  }

  private fits(units: number): boolean {
    // What is larger than the bound goes alone.
    return this.unitsUnderWay === 0 || this.unitsUnderWay + units <= this.settings.maxUnits;
  }

  private fitsTenant(tenant: TenantTurns<W>, units: number): boolean {
    return tenant.units === 0 || tenant.units + units <= this.settings.maxUnitsOfTenant;
  }

  private tenantOf(tenantId: TenantId, nowMs: number): TenantTurns<W> {
    let tenant = this.tenants.get(tenantId);
    if (tenant === undefined) {
      const weight = this.settings.weightOf?.(tenantId) ?? 1;
      const tokens = BURST_SECONDS * this.unitsPerSecond;
      tenant = {
        tenantId,
        weight,
        at: this.now,
        queues: undefined,
        now: 0,
        waiting: 0,
        units: 0,
        tokens,
        filledAtMs: nowMs,
        isListed: false,
      };
      this.tenants.set(tenantId, tenant);
    }
    return tenant;
  }

  private listDatabase(tenant: TenantTurns<W>, { order }: Queues<W>, database: DatabaseTurns<W>): void {
    if (database.isListed) return;
    database.at = Math.max(database.at, tenant.now);
    database.isListed = true;
    order.add(database);
  }

  private listTenant(tenant: TenantTurns<W>): void {
    this.resting.delete(tenant);
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
function peek<W extends Work>({ order, databases }: Queues<W>): W {
  for (;;) {
    const database = order.first;
    if (database === undefined) throw new Error('a tenant with requests has a database with requests');
    for (const work of database.waiting) return work;
    order.takeFirst();
    database.isListed = false;
    databases.delete(database.databaseId);
  }
}

function queuesOf<W extends Work>({ queues }: TenantTurns<W>): Queues<W> {
  if (queues === undefined) throw new Error('a tenant with requests has queues');
  return queues;
}
