import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';

import type { FairScheduleSettings, Work } from './fair-schedule.js';
import { FairSchedule } from './fair-schedule.js';

const ROOMY: FairScheduleSettings = { maxUnits: 1, maxUnitsOfTenant: 1, maxWaiting: 10_000, maxWaitingOfTenant: 5_000 };

function work(tenant: string, database = 'only', units = 1): Work {
  return { tenantId: tenant as TenantId, databaseId: `${tenant}/${database}` as DatabaseId, units };
}

function scheduleOf(settings: Partial<FairScheduleSettings> = {}): FairSchedule<Work> {
  return new FairSchedule({ ...ROOMY, ...settings });
}

/** One after the other, until nobody waits. */
function serveAll(schedule: FairSchedule<Work>): Work[] {
  const served: Work[] = [];
  for (let next = schedule.next(); next !== undefined; next = schedule.next()) {
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
    for (let n = 0; n < 1_000; n++) schedule.add(work('A'));
    for (let n = 0; n < 10; n++) schedule.done(schedule.next() as Work);
    schedule.add(work('B'));
    expect(tenants(serveAll(schedule)).indexOf('B')).toBeLessThanOrEqual(1);
  });

  it('gives tenants that always wait the same units, whatever their requests cost', () => {
    const schedule = scheduleOf({ maxUnits: 8, maxUnitsOfTenant: 8 });
    for (let n = 0; n < 100; n++) schedule.add(work('L', 'only', 8));
    for (let n = 0; n < 800; n++) schedule.add(work('S'));
    const served = serveAll(schedule).slice(0, 450);
    const units = (tenant: string) =>
      served.filter(({ tenantId }) => tenantId === tenant).reduce((sum, each) => sum + each.units, 0);
    expect(Math.abs(units('L') - units('S'))).toBeLessThanOrEqual(8);
  });

  it('gives one with twice the weight twice as much', () => {
    const schedule = scheduleOf({ weightOf: (tenantId) => (tenantId === 'H' ? 2 : 1) });
    for (let n = 0; n < 300; n++) for (const tenant of ['H', 'L']) schedule.add(work(tenant));
    const served = tenants(serveAll(schedule).slice(0, 300));
    expect(served.replaceAll('L', '').length).toBe(200);
  });

  it('is fair between the databases of a tenant', () => {
    const schedule = scheduleOf();
    for (let n = 0; n < 100; n++) schedule.add(work('A', 'busy'));
    schedule.add(work('A', 'quiet'));
    const served = serveAll(schedule).map(({ databaseId }) => databaseId);
    expect(served.indexOf('A/quiet' as DatabaseId)).toBeLessThanOrEqual(1);
  });

  it('keeps the order inside a database', () => {
    const schedule = scheduleOf();
    const added = Array.from({ length: 20 }, (_, n) => ({ ...work('A'), n }));
    for (const each of added) schedule.add(each);
    expect(serveAll(schedule)).toEqual(added);
  });

  it('gives a tenant that comes back neither credit for its pause nor debt for what it had', () => {
    const schedule = scheduleOf({ maxUnits: 2, maxUnitsOfTenant: 2 });
    for (let n = 0; n < 1_000; n++) {
      // Never idle, and alone.
      schedule.begin(work('A'));
      if (n > 0) schedule.done(work('A'));
    }
    for (let n = 0; n < 20; n++) for (const tenant of ['A', 'B']) schedule.add(work(tenant));
    const served = tenants(serveAll(schedule));
    for (let n = 4; n <= 40; n += 4) {
      const ofA = served.slice(0, n).replaceAll('B', '').length;
      expect(Math.abs(ofA - n / 2)).toBeLessThanOrEqual(1);
    }
  });

  it('lets no tenant have more than its bound under way, and others pass it', () => {
    const schedule = scheduleOf({ maxUnits: 10, maxUnitsOfTenant: 4 });
    for (let n = 0; n < 20; n++) schedule.add(work('A'));
    for (let n = 0; n < 2; n++) schedule.add(work('B'));
    const served: Work[] = [];
    for (let next = schedule.next(); next !== undefined; next = schedule.next()) served.push(next);
    expect(tenants(served).split('').sort().join('')).toBe('AAAABB');
    expect(schedule.units).toBe(6);
    schedule.done(work('A'));
    expect(schedule.next()?.tenantId).toBe('A');
    expect(schedule.next()).toBeUndefined();
  });

  it('lets nobody pass one that is too large for the room there is, once its turn has come', () => {
    const schedule = scheduleOf({ maxUnits: 4, maxUnitsOfTenant: 4 });
    schedule.begin(work('C'));
    schedule.add(work('A', 'only', 4));
    for (let n = 0; n < 10; n++) schedule.add(work('B'));
    let before = 0;
    for (let next = schedule.next(); next !== undefined && next.tenantId !== 'A'; next = schedule.next()) {
      before++;
      schedule.done(next);
    }
    expect(before).toBeLessThanOrEqual(1);
    schedule.done(work('C'));
    expect(schedule.next()?.tenantId).toBe('A');
  });

  it('runs alone what is larger than all the room', () => {
    const schedule = scheduleOf();
    schedule.add(work('A', 'only', 100));
    schedule.add(work('B'));
    const first = schedule.next() as Work;
    expect(first.units).toBe(100);
    expect(schedule.next()).toBeUndefined();
    schedule.done(first);
    expect(schedule.next()?.tenantId).toBe('B');
  });

  it('bounds what waits, of a tenant and in all', () => {
    const schedule = scheduleOf({ maxWaiting: 5, maxWaitingOfTenant: 3 });
    expect([1, 2, 3, 4].map(() => schedule.add(work('A')))).toEqual([true, true, true, false]);
    expect([1, 2, 3].map(() => schedule.add(work('B')))).toEqual([true, true, false]);
    expect(schedule.waiting).toBe(5);
  });

  it('forgets requests that nobody waits for any more, and tenants without requests', () => {
    const schedule = scheduleOf();
    const waiting = Array.from({ length: 10 }, (_, n) => work('A', `database ${n}`));
    for (const each of waiting) schedule.add(each);
    schedule.add(work('B'));
    for (const each of waiting) expect(schedule.remove(each)).toBe(true);
    expect(schedule.remove(waiting[0] as Work)).toBe(false);
    expect(tenants(serveAll(schedule))).toBe('B');
    expect([schedule.waiting, schedule.units, schedule.tenantCount]).toEqual([0, 0, 0]);
  });

  it('serves everybody, whatever comes and goes', () => {
    const random = seededRandom(5);
    const below = (limit: number) => Math.floor(random.fraction() * limit);
    const schedule = scheduleOf({ maxUnits: 20, maxUnitsOfTenant: 12, maxWaiting: 300, maxWaitingOfTenant: 60 });
    const waiting = new Set<Work>();
    const underWay: Work[] = [];
    for (let step = 0; step < 30_000; step++) {
      const each = work(`tenant ${below(20) ** 2 % 17}`, `database ${below(4)}`, 1 + below(15));
      const choice = step < 29_000 ? below(4) : 2 + below(2);
      if (choice === 0 && schedule.isFree(each)) {
        schedule.begin(each);
        underWay.push(each);
      } else if (choice <= 1 && schedule.add(each)) {
        waiting.add(each);
      } else if (choice === 2) {
        const next = schedule.next();
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
      for (const each of underWay.splice(0)) schedule.done(each);
      for (let next = schedule.next(); next !== undefined; next = schedule.next()) {
        waiting.delete(next);
        underWay.push(next);
      }
      if (underWay.length === 0) break;
    }
    expect(waiting.size).toBe(0);
    expect(schedule.next()).toBeUndefined();
    expect(schedule.tenantCount).toBe(0);
  });
});
