import type { Clock, TenantId } from '@leasehold/foundation';

/** - `woken`: there may be room now - `late`: so much time has passed - `turned-away`: it is crowded, and the place is somebody else's */
export type Waited = 'woken' | 'late' | 'turned-away';

type Waiter = (how: Waited) => void;

/**
 * Requests that wait for more of a budget. Bounded, and the places are shared: where all are taken, a tenant that has fewer than another gets one of that other's, whose latest
 * request is turned away. So none of them can have the others refused. They are woken in turns, one of each tenant.
 */
export class BudgetWaiters {
  /** By tenant, in the order in which they came; the tenant whose turn it is in front. None is empty. */
  private readonly queues = new Map<TenantId, Waiter[]>();
  private taken = 0;

  constructor(
    private readonly clock: Clock,
    private readonly most: number,
  ) {}

  get count(): number {
    return this.taken;
  }

  /** Resolves at once where there is no place for another one of this tenant. */
  wait(tenantId: TenantId, ms: number): Promise<Waited> {
    if (this.taken >= this.most && !this.makeRoom(tenantId)) return Promise.resolve('turned-away');
    return new Promise((resolve) => {
      const timer = this.clock.schedule(ms, () => {
        this.remove(tenantId, waiter);
        resolve('late');
      });
      const waiter: Waiter = (how) => {
        timer.cancel();
        resolve(how);
      };
      const queue = this.queues.get(tenantId);
      if (queue) queue.push(waiter);
      else this.queues.set(tenantId, [waiter]);
      this.taken++;
    });
  }

  wake(most: number): void {
    for (let woken = 0; woken < most; woken++) {
      const [turn] = this.queues;
      if (turn === undefined) return;
      const [tenantId, queue] = turn;
      const waiter = queue.shift();
      // Behind the others.
      this.queues.delete(tenantId);
      if (queue.length > 0) this.queues.set(tenantId, queue);
      this.taken--;
      waiter?.('woken');
    }
  }

  /** @returns false: nobody has so many that one more here would not be more */
  private makeRoom(tenantId: TenantId): boolean {
    let largest: readonly [TenantId, Waiter[]] | undefined;
    for (const entry of this.queues) if (entry[1].length > (largest?.[1].length ?? 0)) largest = entry;
    const own = this.queues.get(tenantId)?.length ?? 0;
    if (largest === undefined || largest[1].length <= own + 1) return false;
    const [crowding, queue] = largest;
    const last = queue.at(-1);
    if (last === undefined) return false;
    this.remove(crowding, last);
    last('turned-away');
    return true;
  }

  private remove(tenantId: TenantId, waiter: Waiter): void {
    const queue = this.queues.get(tenantId);
    const at = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || at < 0) return;
    queue.splice(at, 1);
    if (queue.length === 0) this.queues.delete(tenantId);
    this.taken--;
  }
}
