import { describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { UNBILLED_BYTES_PER_SECOND, UNBILLED_REQUESTS_PER_SECOND, UnbilledRequests } from './unbilled-requests.js';

const [A, B] = ['a' as TenantId, 'b' as TenantId];

describe('requests that nobody is billed for', () => {
  function world() {
    const clock = new FakeClock();
    const requests = new UnbilledRequests(clock);
    const isIn = (tenant = A): boolean => {
      try {
        requests.enter(tenant);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'too-many-requests', members: { violatedPolicies: ['budget'] } });
        return false;
      }
    };
    const letIn = (tries: number) => Array.from({ length: tries }, () => isIn()).filter(Boolean).length;
    return { clock, requests, isIn, letIn };
  }

  it('are let in at a small rate, of each tenant', async () => {
    const { clock, isIn, letIn } = world();
    expect(letIn(100)).toBe(2 * UNBILLED_REQUESTS_PER_SECOND);
    expect(isIn(B)).toBe(true);
    await clock.advance(1_000);
    expect(letIn(100)).toBe(UNBILLED_REQUESTS_PER_SECOND);
  });

  it('owe what their answers take', async () => {
    const { clock, requests, isIn } = world();
    requests.owe(A, 4 * UNBILLED_BYTES_PER_SECOND);
    expect([isIn(), isIn(B)]).toEqual([false, true]);
    await clock.advance(2_000);
    expect(isIn()).toBe(false);
    await clock.advance(1);
    expect(isIn()).toBe(true);
  });

  it('say when there will be room', () => {
    const { requests, letIn } = world();
    letIn(100);
    expect(() => requests.enter(A)).toThrow(
      expect.objectContaining({ retryAfterMs: 1_000 / UNBILLED_REQUESTS_PER_SECOND }),
    );
  });
});
