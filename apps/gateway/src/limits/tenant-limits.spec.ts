import { describe, expect, it } from '@jest/globals';
import { BOARD_TENANTS } from '@leasehold/directory';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { ProblemError } from '@leasehold/protocol';

import type { LimitedTenant, TenantLimit } from './tenant-limit.js';
import { TenantLimits } from './tenant-limits.js';

const A = { id: 'tenant-a' as TenantId };
const B = { id: 'tenant-b' as TenantId };
const LIMIT: TenantLimit = {
  requestsPerSecond: 10,
  burstRequests: 20,
  bytesPerSecond: 1_000,
  burstBytes: 2_000,
  concurrentRequests: 3,
};

function world(limit: Partial<TenantLimit> = {}, maxTenants?: number) {
  const clock = new FakeClock();
  const limits = new TenantLimits(clock, { limitOf: () => ({ ...LIMIT, ...limit }), maxTenants });
  return { clock, limits };
}

function refusalOf(act: () => unknown): ProblemError {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('it was let in');
}

/** Requests that end at once. @returns how many were let in */
function flood(limits: TenantLimits, tenant: LimitedTenant, requests: number): number {
  let admitted = 0;
  for (let n = 0; n < requests; n++) {
    try {
      limits.enter(tenant).leave();
      admitted++;
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
    }
  }
  return admitted;
}

describe('the limits of tenants', () => {
  it('let a tenant have its burst, then its rate, and refuse the rest', async () => {
    const { clock, limits } = world();
    expect(flood(limits, A, 1_000)).toBe(20);
    await clock.advance(1_000);
    expect(flood(limits, A, 1_000)).toBe(10);
  });

  it('do not let one tenant pay for the flood of another', () => {
    const { limits } = world();
    flood(limits, A, 1_000);
    expect(flood(limits, B, 20)).toBe(20);
  });

  it('say in a refusal which policy, when to come back, and that nothing is left', () => {
    const { limits } = world({ requestsPerSecond: 4 });
    flood(limits, A, 20);
    const refusal = refusalOf(() => limits.enter(A));
    expect(refusal.code).toBe('too-many-requests');
    expect(refusal.retryAfterMs).toBe(250);
    expect(refusal.members).toEqual({ violatedPolicies: ['requests'] });
    expect(refusal.headers).toEqual({
      'ratelimit-policy':
        '"requests";q=20;w=5, "bytes";q=2000;w=2;qu="content-bytes", "concurrency";q=3;qu="concurrent-requests"',
      ratelimit: '"requests";r=0;t=1, "bytes";r=2000;t=1',
    });
  });

  it('tell with every answer what is left and when all of it is back', async () => {
    const { clock, limits } = world();
    expect(limits.enter(A).headers['ratelimit']).toBe('"requests";r=19;t=1, "bytes";r=2000;t=1');
    flood(limits, A, 14);
    expect(limits.enter(A).headers['ratelimit']).toBe('"requests";r=4;t=2, "bytes";r=2000;t=1');
    await clock.advance(10_000);
    expect(limits.enter(A).headers['ratelimit']).toBe('"requests";r=19;t=1, "bytes";r=2000;t=1');
  });

  it('bound the requests of a tenant that are under way, until one of them ends', () => {
    const { limits } = world();
    const [first] = [limits.enter(A), limits.enter(A), limits.enter(A)];
    const refusal = refusalOf(() => limits.enter(A));
    expect(refusal.members).toEqual({ violatedPolicies: ['concurrency'] });
    expect(refusal.retryAfterMs).toBeGreaterThan(0);
    limits.enter(B);
    first?.leave();
    first?.leave();
    limits.enter(A);
    expect(() => limits.enter(A)).toThrow(ProblemError);
  });

  it('let no more in while a tenant owes bytes that it was answered, and tell when it does not', async () => {
    const { clock, limits } = world();
    limits.enter(A).owe(4_500);
    const refusal = refusalOf(() => limits.enter(A));
    expect(refusal.members).toEqual({ violatedPolicies: ['bytes'] });
    expect(refusal.retryAfterMs).toBe(2_501);
    expect(refusal.headers['ratelimit']).toMatch(/"bytes";r=0;t=3$/);
    limits.enter(B);
    await clock.advance(2_501);
    expect(limits.enter(A).headers['ratelimit']).toMatch(/"bytes";r=1;t=2$/);
  });

  it('count what a tenant is told long after it was let in and forgotten', async () => {
    const { clock, limits } = world();
    const feed = limits.enter(A);
    feed.leave();
    await clock.advance(10_000);
    limits.enter(B).leave();
    expect(limits.count).toBe(1);
    feed.owe(4_500);
    expect(refusalOf(() => limits.enter(A)).members).toEqual({ violatedPolicies: ['bytes'] });
  });

  it('count what a request brings before it is read', () => {
    const { limits } = world();
    expect(limits.enter(A, 1_999).headers['ratelimit']).toMatch(/"bytes";r=1;t=2$/);
    limits.enter(A, 1_000_000);
    expect(() => limits.enter(A)).toThrow(ProblemError);
  });

  it('do not take a token for a request that is refused for its company', async () => {
    const { limits } = world();
    const admitted = [limits.enter(A), limits.enter(A), limits.enter(A)];
    for (let n = 0; n < 100; n++) expect(() => limits.enter(A)).toThrow(ProblemError);
    for (const { leave } of admitted) leave();
    expect(limits.enter(A).headers['ratelimit']).toMatch(/r=16;/);
  });

  it('remember who is at rest and has asked lately', async () => {
    const { clock, limits } = world({ requestsPerSecond: 1_000_000 });
    for (let n = 0; n < 100; n++) limits.enter({ id: `tenant-${n}` as TenantId }).leave();
    const account = limits.enterQuietly(A, 0, clock.monotonic());
    if (account !== undefined) account.underWay--;
    await clock.advance(4_000);
    flood(limits, B, 1_000);
    expect(limits.count).toBe(102);
    expect(limits.enterQuietly(A, 0, clock.monotonic())).toBe(account);
  });

  it('forget tenants that are at rest and have not asked for long', async () => {
    const { clock, limits } = world();
    for (let n = 0; n < 1_000; n++) limits.enter({ id: `tenant-${n}` as TenantId }).leave();
    expect(limits.count).toBe(1_000);
    await clock.advance(10_000);
    flood(limits, A, 1_000);
    expect(limits.count).toBe(1);
  });

  it('remember a bounded number of tenants, and all that have requests under way', () => {
    const { limits } = world({}, 10);
    const staying = Array.from({ length: 5 }, (_, n) => limits.enter({ id: `staying-${n}` as TenantId }));
    for (let n = 0; n < 1_000; n++) limits.enter({ id: `passing-${n}` as TenantId }).leave();
    expect(limits.count).toBeLessThanOrEqual(15);
    for (let n = 0; n < 5; n++) {
      expect(limits.enter({ id: `staying-${n}` as TenantId }).headers['ratelimit']).toMatch(/r=18;/);
    }
    expect(staying).toHaveLength(5);
  });

  it('give each tenant the limit of its plan', () => {
    const clock = new FakeClock();
    const limitOf = ({ id }: LimitedTenant) => ({ ...LIMIT, burstRequests: id === A.id ? 20 : 50 });
    const limits = new TenantLimits(clock, { limitOf });
    expect(flood(limits, A, 100)).toBe(20);
    expect(flood(limits, B, 100)).toBe(50);
  });

  it('count a request as asked once, whichever way it is looked at before it is refused', () => {
    const clock = new FakeClock();
    const limits = new TenantLimits(clock, { limitOf: () => LIMIT, isShared: true });
    const letIn: boolean[] = [];
    for (let n = 0; n < 60; n++) {
      const account = limits.enterQuietly(A, 0, clock.monotonic());
      letIn.push(account !== undefined);
      if (account !== undefined) account.underWay--;
      else refusalOf(() => limits.enter(A));
    }
    expect(letIn.filter(Boolean)).toHaveLength(LIMIT.burstRequests);
    // Half of it, as the mean has it after one second.
    expect(limits.tick(1).get(A.id)?.requests).toBe(30);
  });

  describe('that are shared', () => {
    const limit = { ...LIMIT, bytesPerSecond: 1_000_000, burstBytes: 2_000_000 };
    const shared = () => new TenantLimits(new FakeClock(), { limitOf: () => limit, isShared: true });

    it('tell other gateways of those that are asked most for, as many as there is room for', () => {
      const limits = shared();
      for (let n = 0; n < BOARD_TENANTS + 100; n++) {
        for (let k = 0; k < (n < 100 ? 1 : 2); k++) limits.enter({ id: `tenant-${n}` as TenantId }).leave();
      }
      const told = limits.tick(1);
      expect(told.size).toBe(BOARD_TENANTS);
      expect([...told.values()].every(({ requests }) => requests === 1)).toBe(true);
    });

    it('tell them of nobody of whom less than a hundredth of a share is asked', () => {
      const limits = shared();
      // In ten seconds, of which the mean has a half: 9,000 and 11,000 bytes a second.
      limits.enter(A).owe(180_000);
      limits.enter(B).owe(220_000);
      const told = limits.tick(10);
      expect([told.has(A.id), told.has(B.id)]).toEqual([false, true]);
    });
  });
});
