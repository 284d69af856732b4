import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';

import type { FairScheduleSettings, Work } from './fair-schedule.js';
import { FairSchedule } from './fair-schedule.js';

const ROOMY: FairScheduleSettings = { maxUnits: 1, maxUnitsOfTenant: 1, maxWaiting: 10_000, maxWaitingOfTenant: 5_000 };

/** Where time does not matter. */
const NOW = 0;

function work(tenant: string, database = 'only', units = 1): Work {
  return { tenantId: tenant as TenantId, databaseId: `${tenant}/${database}` as DatabaseId, units };
}

function scheduleOf(settings: Partial<FairScheduleSettings> = {}): FairSchedule<Work> {
  return new FairSchedule({ ...ROOMY, ...settings });
}

/** One after the other, until nobody waits. */
function serveAll(schedule: FairSchedule<Work>): Work[] {
  const served: Work[] = [];
  for (let next = schedule.next(NOW); next !== undefined; next = schedule.next(NOW)) {
    served.push(next);
    schedule.done(next);
  }
  return served;
}

function tenants(served: readonly Work[]): string {
  return served.map(({ tenantId }) => tenantId).join('');
}

describe('the fair schedule', () => {
  it('puts at most one request of a flooding tenant before that of a quiet one', () => {
    const schedule = scheduleOf();
    for (let n = 0; n < 1_000; n++) schedule.add(work('A'), NOW);
    for (let n = 0; n < 10; n++) schedule.done(schedule.next(NOW) as Work);
    schedule.add(work('B'), NOW);
    expect(tenants(serveAll(schedule)).indexOf('B')).toBeLessThanOrEqual(1);
  });

  it.each([1, 2, 3, 4])('takes one that passes for one that begins and ends at once: seed %d', (seed) => {
    const random = seededRandom(seed);
    const pick = (limit: number): number => Math.floor(random.fraction() * limit);
    const settings = { maxUnits: 6, maxUnitsOfTenant: 4, unitsPerSecondOfTenant: 5 };
    const [passed, begun] = [scheduleOf(settings), scheduleOf(settings)];
    const underWay: Work[] = [];
    const told: unknown[] = [];
    for (let nowMs = 0; nowMs < 2_000; nowMs++) {
      const each = work(['A', 'B', 'C'][pick(3)] as string, String(pick(2)), 1 + pick(2));
      const kind = pick(16) === 0 ? 0 : 1 + pick(3);
      if (kind === 0) for (const schedule of [passed, begun]) schedule.add(each, nowMs);
      else if (kind === 1 && underWay.length > 0) {
        const [ended] = underWay.splice(pick(underWay.length), 1) as [Work];
        for (const schedule of [passed, begun]) schedule.done(ended);
      } else if (kind === 2) {
        const next = begun.next(nowMs);
        expect(passed.next(nowMs)).toBe(next);
        if (next !== undefined) underWay.push(next);
      } else {
        const isFree = begun.isFree(each, nowMs);
        expect(passed.isFree(each, nowMs)).toBe(isFree);
        if (isFree) {
          passed.pass(each, nowMs);
          begun.begin(each, nowMs);
          begun.done(each);
          told.push(each);
        }
      }
      const stateOf = ({ waiting, units, tenantCount }: FairSchedule<Work>) => [waiting, units, tenantCount];
      expect(stateOf(passed)).toEqual(stateOf(begun));
      expect(passed.msUntilRested(nowMs)).toBe(begun.msUntilRested(nowMs));
    }
    expect(told.length).toBeGreaterThan(10);
  });

  it('gives tenants that always wait the same units, whatever their requests cost', () => {
    const schedule = scheduleOf({ maxUnits: 8, maxUnitsOfTenant: 8 });
    for (let n = 0; n < 100; n++) schedule.add(work('L', 'only', 8), NOW);
    for (let n = 0; n < 800; n++) schedule.add(work('S'), NOW);
    const served = serveAll(schedule).slice(0, 450);
    const units = (tenant: string) =>
      served.filter(({ tenantId }) => tenantId === tenant).reduce((sum, each) => sum + each.units, 0);
    expect(Math.abs(units('L') - units('S'))).toBeLessThanOrEqual(8);
  });

  it('gives one with twice the weight twice as much', () => {
    const schedule = scheduleOf({ weightOf: (tenantId) => (tenantId === 'H' ? 2 : 1) });
    for (let n = 0; n < 300; n++) for (const tenant of ['H', 'L']) schedule.add(work(tenant), NOW);
    const served = tenants(serveAll(schedule).slice(0, 300));
    expect(served.replaceAll('L', '').length).toBe(200);
  });

  it('is fair between the databases of a tenant', () => {
    const schedule = scheduleOf();
    for (let n = 0; n < 100; n++) schedule.add(work('A', 'busy'), NOW);
    schedule.add(work('A', 'quiet'), NOW);
    const served = serveAll(schedule).map(({ databaseId }) => databaseId);
    expect(served.indexOf('A/quiet' as DatabaseId)).toBeLessThanOrEqual(1);
  });

  it('keeps the order inside a database', () => {
    const schedule = scheduleOf();
    const added = Array.from({ length: 20 }, (_, n) => ({ ...work('A'), n }));
    for (const each of added) schedule.add(each, NOW);
    expect(serveAll(schedule)).toEqual(added);
  });

  it('gives a tenant that comes back neither credit for its pause nor debt for what it had', () => {
    const schedule = scheduleOf({ maxUnits: 2, maxUnitsOfTenant: 2 });
    for (let n = 0; n < 1_000; n++) {
      // Never idle, and alone.
      schedule.begin(work('A'), NOW);
      if (n > 0) schedule.done(work('A'));
    }
    for (let n = 0; n < 20; n++) for (const tenant of ['A', 'B']) schedule.add(work(tenant), NOW);
    const served = tenants(serveAll(schedule));
    for (let n = 4; n <= 40; n += 4) {
      const ofA = served.slice(0, n).replaceAll('B', '').length;
      expect(Math.abs(ofA - n / 2)).toBeLessThanOrEqual(1);
    }
  });

  it('lets no tenant have more than its bound under way, and others pass it', () => {
    const schedule = scheduleOf({ maxUnits: 10, maxUnitsOfTenant: 4 });
    for (let n = 0; n < 20; n++) schedule.add(work('A'), NOW);
    for (let n = 0; n < 2; n++) schedule.add(work('B'), NOW);
    const served: Work[] = [];
    for (let next = schedule.next(NOW); next !== undefined; next = schedule.next(NOW)) served.push(next);
    expect(tenants(served).split('').sort().join('')).toBe('AAAABB');
    expect(schedule.units).toBe(6);
    schedule.done(work('A'));
    expect(schedule.next(NOW)?.tenantId).toBe('A');
    expect(schedule.next(NOW)).toBeUndefined();
  });

  it('lets nobody pass one that is too large for the room there is, once its turn has come', () => {
    const schedule = scheduleOf({ maxUnits: 4, maxUnitsOfTenant: 4 });
    schedule.begin(work('C'), NOW);
    schedule.add(work('A', 'only', 4), NOW);
    for (let n = 0; n < 10; n++) schedule.add(work('B'), NOW);
    let before = 0;
    for (let next = schedule.next(NOW); next !== undefined && next.tenantId !== 'A'; next = schedule.next(NOW)) {
      before++;
      schedule.done(next);
    }
    expect(before).toBeLessThanOrEqual(1);
    schedule.done(work('C'));
    expect(schedule.next(NOW)?.tenantId).toBe('A');
  });

  it('runs alone what is larger than all the room', () => {
    const schedule = scheduleOf();
    schedule.add(work('A', 'only', 100), NOW);
    schedule.add(work('B'), NOW);
    const first = schedule.next(NOW) as Work;
    expect(first.units).toBe(100);
    expect(schedule.next(NOW)).toBeUndefined();
    schedule.done(first);
    expect(schedule.next(NOW)?.tenantId).toBe('B');
  });

  it('bounds what waits, of a tenant and in all', () => {
    const schedule = scheduleOf({ maxWaiting: 5, maxWaitingOfTenant: 3 });
    expect([1, 2, 3, 4].map(() => schedule.add(work('A'), NOW))).toEqual([true, true, true, false]);
    expect([1, 2, 3].map(() => schedule.add(work('B'), NOW))).toEqual([true, true, false]);
    expect(schedule.waiting).toBe(5);
  });

  it('forgets requests that nobody waits for any more, and tenants without requests', () => {
    const schedule = scheduleOf();
    const waiting = Array.from({ length: 10 }, (_, n) => work('A', `database ${n}`));
    for (const each of waiting) schedule.add(each, NOW);
    schedule.add(work('B'), NOW);
    for (const each of waiting) expect(schedule.remove(each)).toBe(true);
    expect(schedule.remove(waiting[0] as Work)).toBe(false);
    expect(tenants(serveAll(schedule))).toBe('B');
    expect([schedule.waiting, schedule.units, schedule.tenantCount]).toEqual([0, 0, 0]);
  });

  it('lets a tenant rest that has had its units of the second, while others have requests', () => {
    const schedule = scheduleOf({ maxUnits: 1_000, maxUnitsOfTenant: 1_000, unitsPerSecondOfTenant: 100 });
    schedule.begin(work('B'), NOW);
    for (let n = 0; n < 500; n++) schedule.add(work('A', 'only', 10), NOW);
    const servedUntil = (nowMs: number): number => {
      let units = 0;
      for (let next = schedule.next(nowMs); next !== undefined; next = schedule.next(nowMs)) units += next.units;
      return units;
    };
    // A second's worth at once, and what takes it into debt.
    expect(servedUntil(0)).toBe(110);
    expect(schedule.msUntilRested(0)).toBe(100);
    expect(schedule.isFree(work('C'), 0)).toBe(false);
    schedule.add(work('C'), 0);
    expect(schedule.next(0)?.tenantId).toBe('C');
    let units = 0;
    for (let nowMs = 1; nowMs <= 2_000; nowMs++) units += servedUntil(nowMs);
    expect(Math.abs(units - 200)).toBeLessThanOrEqual(10);
  });

  it('lets a tenant have everything that is alone, also when it becomes so', () => {
    const schedule = scheduleOf({ maxUnits: 10_000, maxUnitsOfTenant: 10_000, unitsPerSecondOfTenant: 100 });
    for (let n = 0; n < 50; n++) {
      expect(schedule.isFree(work('A', 'only', 10), NOW)).toBe(true);
      schedule.begin(work('A', 'only', 10), NOW);
    }
    schedule.begin(work('B'), NOW);
    expect(schedule.isFree(work('A'), NOW)).toBe(false);
    schedule.add(work('A'), NOW);
    expect(schedule.next(NOW)).toBeUndefined();
    // As long as its last request was worth, not as long as all that it had alone.
    expect(schedule.msUntilRested(NOW)).toBe(100);
    schedule.done(work('B'));
    expect(schedule.next(NOW)?.tenantId).toBe('A');
    expect(schedule.msUntilRested(NOW)).toBeUndefined();
  });

  it('forgets who rests and wants nothing any more', () => {
    const schedule = scheduleOf({ maxUnits: 1_000, maxUnitsOfTenant: 1_000, unitsPerSecondOfTenant: 10 });
    schedule.begin(work('B'), NOW);
    schedule.begin(work('A', 'only', 50), NOW);
    const waiting = work('A');
    schedule.add(waiting, NOW);
    expect(schedule.next(NOW)).toBeUndefined();
    schedule.remove(waiting);
    expect(schedule.next(NOW)).toBeUndefined();
    expect(schedule.msUntilRested(NOW)).toBeUndefined();
    schedule.done(work('A', 'only', 50));
    schedule.done(work('B'));
    expect(schedule.tenantCount).toBe(0);
  });

  it('serves everybody, whatever comes and goes', () => {
    const random = seededRandom(5);
    const below = (limit: number) => Math.floor(random.fraction() * limit);
    const bounds = { maxUnits: 20, maxUnitsOfTenant: 12, maxWaiting: 300, maxWaitingOfTenant: 60 };
    const schedule = scheduleOf({ ...bounds, unitsPerSecondOfTenant: 500 });
    let nowMs = 0;
    const waiting = new Set<Work>();
    const underWay: Work[] = [];
    for (let step = 0; step < 30_000; step++) {
      const each = work(`tenant ${below(20) ** 2 % 17}`, `database ${below(4)}`, 1 + below(15));
      nowMs += below(3);
      const choice = step < 29_000 ? below(4) : 2 + below(2);
      if (choice === 0 && schedule.isFree(each, nowMs)) {
        schedule.begin(each, nowMs);
        underWay.push(each);
      } else if (choice <= 1 && schedule.add(each, nowMs)) {
        waiting.add(each);
      } else if (choice === 2) {
        const next = schedule.next(nowMs);
        if (next !== undefined) {
          expect(waiting.delete(next)).toBe(true);
          underWay.push(next);
        }
      } else if (underWay.length > 0) {
        schedule.done(underWay.splice(below(underWay.length), 1)[0] as Work);
      }
      if (below(50) === 0)
        for (const gone of waiting) if (below(3) === 0 && schedule.remove(gone)) waiting.delete(gone);
      expect(schedule.waiting).toBe(waiting.size);
      expect(schedule.units).toBe(underWay.reduce((sum, { units }) => sum + units, 0));
    }
    while (waiting.size > 0 || underWay.length > 0) {
      nowMs += 1_000;
      for (const each of underWay.splice(0)) schedule.done(each);
      for (let next = schedule.next(nowMs); next !== undefined; next = schedule.next(nowMs)) {
        waiting.delete(next);
        underWay.push(next);
      }
      expect(underWay.length).toBeGreaterThan(0);
    }
    expect(waiting.size).toBe(0);
    expect(schedule.next(nowMs)).toBeUndefined();
    expect(schedule.tenantCount).toBe(0);
  });
});
