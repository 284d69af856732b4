import { describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { BudgetWaiters } from './budget-waiters.js';

const [A, B, C] = ['a', 'b', 'c'] as TenantId[] as [TenantId, TenantId, TenantId];

function world(most: number) {
  const clock = new FakeClock();
  const waiters = new BudgetWaiters(clock, most);
  const told: string[] = [];
  const wait = (tenantId: TenantId, name: string, ms = 1_000) =>
    void waiters.wait(tenantId, ms).then((how) => told.push(`${name} ${how}`));
  return { clock, waiters, told, wait };
}

describe('requests that wait for a budget', () => {
  it('give a place to a tenant that has fewer, and none of one that would have as many', async () => {
    const { clock, waiters, told, wait } = world(4);
    for (const name of ['a1', 'a2', 'a3', 'a4']) wait(A, name);
    wait(B, 'b1');
    wait(B, 'b2');
    wait(B, 'b3');
    wait(A, 'a5');
    await clock.advance(1);
    expect(told).toEqual(['a4 turned-away', 'a3 turned-away', 'b3 turned-away', 'a5 turned-away']);
    expect(waiters.count).toBe(4);
  });

  it('are turned away where one tenant alone fills all places', async () => {
    const { clock, told, wait } = world(2);
    for (const name of ['a1', 'a2', 'a3']) wait(A, name);
    await clock.advance(1);
    expect(told).toEqual(['a3 turned-away']);
  });

  it('are woken in turns, one of each tenant', async () => {
    const { clock, waiters, told, wait } = world(10);
    for (const name of ['a1', 'a2', 'a3']) wait(A, name);
    wait(B, 'b1');
    wait(C, 'c1');
    waiters.wake(4);
    await clock.advance(1);
    expect(told).toEqual(['a1 woken', 'b1 woken', 'c1 woken', 'a2 woken']);
    waiters.wake(Infinity);
    await clock.advance(1);
    expect([told.at(-1), waiters.count]).toEqual(['a3 woken', 0]);
  });

  it('wait so long and not longer, and are not woken then', async () => {
    const { clock, waiters, told, wait } = world(2);
    wait(A, 'a1', 10);
    wait(A, 'a2', 20);
    await clock.advance(10);
    expect([told, waiters.count]).toEqual([['a1 late'], 1]);
    waiters.wake(Infinity);
    await clock.advance(100);
    expect([told, waiters.count]).toEqual([['a1 late', 'a2 woken'], 0]);
  });
});
