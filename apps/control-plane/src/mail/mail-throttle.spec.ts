import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@leasehold/foundation-testing';
import type { ProblemError } from '@leasehold/protocol';

import { MailThrottle } from './mail-throttle.js';

const SETTINGS = { burst: 2, refillMs: 1_000, capacity: 3 };

/** 0 when admitted, else how long to wait. */
function waitOf(throttle: MailThrottle, address: string): number {
  try {
    throttle.admit(address);
    return 0;
  } catch (error) {
    expect((error as ProblemError).code).toBe('too-many-requests');
    return (error as ProblemError).retryAfterMs ?? Number.NaN;
  }
}

describe('mail throttle', () => {
  it('admits a few mails to one address at once, then one after each pause', async () => {
    const clock = new FakeClock();
    const throttle = new MailThrottle(clock, SETTINGS);
    expect([1, 2, 3].map(() => waitOf(throttle, 'a'))).toEqual([0, 0, 1_000]);
    expect(waitOf(throttle, 'b')).toBe(0);
    await clock.advance(400);
    expect(waitOf(throttle, 'a')).toBe(600);
    await clock.advance(600);
    expect([1, 2].map(() => waitOf(throttle, 'a'))).toEqual([0, 1_000]);
  });

  it('saves up no more than the burst', async () => {
    const clock = new FakeClock();
    const throttle = new MailThrottle(clock, SETTINGS);
    waitOf(throttle, 'a');
    await clock.advance(1_000_000);
    expect([1, 2, 3].map(() => waitOf(throttle, 'a'))).toEqual([0, 0, 1_000]);
  });

  it('remembers a bounded number of addresses', () => {
    const throttle = new MailThrottle(new FakeClock(), SETTINGS);
    for (let i = 0; i < 100; i++) throttle.admit(`a${i}`);
    expect(throttle.size).toBe(3);
  });
});
