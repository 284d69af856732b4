import { setMaxListeners } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { systemClock } from '@leasehold/foundation';
import { BackpressureError } from '@leasehold/ownership';

import { FairAdmission } from './fair-admission.js';

const SETTINGS = { maxUnits: 4, maxUnitsOfTenant: 3, maxWaiting: 100, maxWaitingOfTenant: 50, unitsPerTurn: 100 };
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

function database(tenant: string) {
  return { tenantId: tenant as TenantId, databaseId: `${tenant}/only` as DatabaseId };
}

/** Work that ends when it is told. */
class Held {
  begun = 0;
  private readonly ends: (() => void)[] = [];

  readonly work = (): Promise<string> => {
    this.begun++;
    return new Promise((resolve) => this.ends.push(() => resolve('done')));
  };

  endOne(): void {
    this.ends.shift()?.();
  }
}

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('fair admission', () => {
  it('begins at once where there is room', () => {
    const admission = new FairAdmission(systemClock, SETTINGS);
    const held = new Held();
    void admission.run(database('a'), 1, NEVER, held.work);
    expect(held.begun).toBe(1);
  });

  it('lets pass what is done in this moment, four for the room of one in a turn, and nobody before those who wait', async () => {
    const admission = new FairAdmission(systemClock, { ...SETTINGS, unitsPerTurn: 2 });
    const read = { ...database('a'), units: 1 };
    const passes = () => Array.from({ length: 20 }, () => admission.pass(read)).filter(Boolean).length;
    expect(passes()).toBe(8);
    await settled();
    const held = new Held();
    for (let n = 0; n < 4; n++) void admission.run(database('a'), 1, NEVER, held.work);
    await settled();
    expect([held.begun, admission.waiting, passes()]).toEqual([3, 1, 0]);
    held.endOne();
    held.endOne();
    await settled();
    expect(passes()).toBe(8);
  });

  it('leaves room for others while a tenant floods with requests that take long', async () => {
    const admission = new FairAdmission(systemClock, SETTINGS);
    const flood = new Held();
    for (let n = 0; n < 40; n++) void admission.run(database('a'), 1, NEVER, flood.work);
    await settled();
    expect(flood.begun).toBe(3);
    await expect(admission.run(database('b'), 1, NEVER, async () => 'served')).resolves.toBe('served');
    flood.endOne();
    await settled();
    expect(flood.begun).toBe(4);
    expect(admission.waiting).toBe(36);
  });

  it('leaves room for others while a request is under way that is larger than all a tenant may have', async () => {
    const admission = new FairAdmission(systemClock, SETTINGS);
    const large = new Held();
    void admission.run(database('a'), 1_000, NEVER, large.work);
    void admission.run(database('a'), 1_000, NEVER, large.work);
    const other = new Held();
    void admission.run(database('b'), 1, NEVER, other.work);
    await settled();
    expect([large.begun, other.begun, admission.units]).toEqual([1, 1, SETTINGS.maxUnits]);
    large.endOne();
    await settled();
    expect([large.begun, other.begun]).toEqual([2, 1]);
  });

  it('refuses beyond the bound of a tenant, and nothing was begun', async () => {
    const admission = new FairAdmission(systemClock, SETTINGS);
    const flood = new Held();
    for (let n = 0; n < 53; n++) void admission.run(database('a'), 1, NEVER, flood.work);
    const refused = admission.run(database('a'), 1, NEVER, flood.work);
    await expect(refused).rejects.toBeInstanceOf(BackpressureError);
    await expect(refused).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 200 });
    expect(flood.begun).toBe(3);
  });

  it('lets a caller go who has no more time, without beginning his work', async () => {
    const admission = new FairAdmission(systemClock, SETTINGS);
    const flood = new Held();
    for (let n = 0; n < 3; n++) void admission.run(database('a'), 1, NEVER, flood.work);
    const patience = new AbortController();
    const late = new Held();
    const waiting = admission.run(database('a'), 1, patience.signal, late.work);
    patience.abort(new Error('no more time'));
    await expect(waiting).rejects.toBeInstanceOf(BackpressureError);
    await expect(admission.run(database('a'), 1, patience.signal, late.work)).rejects.toBeInstanceOf(BackpressureError);
    flood.endOne();
    await settled();
    expect(late.begun).toBe(0);
    expect(admission.waiting).toBe(0);
    expect(admission.units).toBe(2);
  });

  it('makes room when work fails, whether or not it had begun to wait', async () => {
    const admission = new FairAdmission(systemClock, { ...SETTINGS, maxUnits: 1 });
    const failing = async (): Promise<never> => Promise.reject(new Error('failed'));
    await expect(admission.run(database('a'), 1, NEVER, failing)).rejects.toThrow('failed');
    const throwing = (): Promise<never> => {
      throw new Error('thrown');
    };
    await expect(admission.run(database('a'), 1, NEVER, throwing)).rejects.toThrow('thrown');
    expect(admission.units).toBe(0);
  });

  it('begins only so much in one turn of the event loop, the quiet tenant in the first', async () => {
    const admission = new FairAdmission(systemClock, {
      ...SETTINGS,
      maxUnits: 1_000,
      maxUnitsOfTenant: 1_000,
      unitsPerTurn: 5,
    });
    const order: string[] = [];
    const act = (name: string) => async () => void order.push(name);
    const all = Array.from({ length: 20 }, () => admission.run(database('a'), 1, NEVER, act('a')));
    all.push(admission.run(database('b'), 1, NEVER, act('b')));
    expect(order).toHaveLength(5);
    await Promise.all(all);
    expect(order.indexOf('b')).toBeLessThanOrEqual(6);
    expect(order).toHaveLength(21);
  });
});
