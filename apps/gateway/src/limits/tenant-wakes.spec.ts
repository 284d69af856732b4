import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { presenceOf } from '../forwarding/client-presence.js';
import { TenantWakes } from './tenant-wakes.js';

const LIMIT = 2;
const MAX_WAITING = 3;
const MAX_WAIT_MS = 1_000;

describe('the wakes of tenants', () => {
  let clock: FakeClock;
  let wakes: TenantWakes;
  let refusals: number;
  let limit: number;

  beforeEach(() => {
    clock = new FakeClock();
    limit = LIMIT;
    refusals = 0;
    const bounds = { maxWaiting: MAX_WAITING, maxWaitMs: MAX_WAIT_MS, onRefused: () => refusals++ };
    wakes = new TenantWakes(clock, { limitOf: () => limit, ...bounds });
  });

  /** A request for one database, which ends when it is told to. */
  function wake(database: number, tenant = 'acme', signal = new AbortController().signal) {
    const state = { outcome: 'waits', leave: (): void => undefined };
    const entry = { id: `database-${database}` as DatabaseId, tenantId: tenant as TenantId };
    void wakes.enter(entry, presenceOf(signal)).then(
      (leave) => Object.assign(state, { outcome: 'woken', leave }),
      (error: { code: string }) => Object.assign(state, { outcome: error.code }),
    );
    return state;
  }
  const settle = () => clock.advance(0);
  const outcomes = (all: readonly { readonly outcome: string }[]) => all.map(({ outcome }) => outcome);

  it('are as many at the same time as the limit says, the others in their turn', async () => {
    const all = [1, 2, 3, 4].map((database) => wake(database));
    await settle();
    expect(outcomes(all)).toEqual(['woken', 'woken', 'waits', 'waits']);
    all[1]?.leave();
    await settle();
    expect(outcomes(all)).toEqual(['woken', 'woken', 'woken', 'waits']);
    for (const one of all) one.leave();
    await settle();
    expect(outcomes(all)[3]).toBe('woken');
    all[3]?.leave();
    expect(wakes.count).toBe(0);
  });

  it('are shared by the requests of a database, and end with the last of them', async () => {
    const all = [1, 1, 1, 2, 3].map((database) => wake(database));
    await settle();
    expect(outcomes(all)).toEqual(['woken', 'woken', 'woken', 'woken', 'waits']);
    all[0]?.leave();
    all[0]?.leave();
    all[1]?.leave();
    await settle();
    expect(outcomes(all)[4]).toBe('waits');
    all[2]?.leave();
    await settle();
    expect(outcomes(all)[4]).toBe('woken');
  });

  it('are refused at once where too many wait, and after a while where nothing ends', async () => {
    const all = [1, 2, 3, 4, 5, 6].map((database) => wake(database));
    await settle();
    expect(outcomes(all)).toEqual(['woken', 'woken', 'waits', 'waits', 'waits', 'too-many-requests']);
    await clock.advance(MAX_WAIT_MS);
    expect(outcomes(all).slice(2)).toEqual(Array(4).fill('too-many-requests'));
    expect([refusals, clock.armedTimers]).toEqual([4, 0]);
    all[0]?.leave();
    const next = wake(7);
    await settle();
    expect(next.outcome).toBe('woken');
  });

  it('keep no place for who is gone', async () => {
    const [leaving, staying] = [new AbortController(), wake(1)];
    wake(2);
    const gone = wake(3, 'acme', leaving.signal);
    const last = wake(4);
    leaving.abort();
    const late = wake(5, 'acme', leaving.signal);
    await settle();
    expect([gone.outcome, late.outcome, refusals]).toEqual(['unavailable', 'unavailable', 0]);
    staying.leave();
    await settle();
    expect(last.outcome).toBe('woken');
  });

  it('are counted for each tenant by itself', async () => {
    for (let database = 0; database < 10_000; database++) wake(database);
    const other = wake(1, 'other');
    await settle();
    expect(other.outcome).toBe('woken');
    expect(refusals).toBe(10_000 - LIMIT - MAX_WAITING);
  });

  it('follow a raise with the next that ends', async () => {
    const all = [1, 2, 3, 4].map((database) => wake(database));
    await settle();
    limit = 3;
    all[0]?.leave();
    await settle();
    expect(outcomes(all)).toEqual(['woken', 'woken', 'woken', 'woken']);
  });
});
