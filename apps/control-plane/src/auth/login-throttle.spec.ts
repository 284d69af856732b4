import { describe, expect, it } from '@jest/globals';
import { LeaseholdError, type Clock } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { LOGIN_THROTTLE_SETTINGS, LoginThrottle } from './login-throttle.js';

const ADDRESS = '192.0.2.1';
const EMAIL = 'a@example.com';

class Guesser {
  nowMs = 0;
  readonly throttle: LoginThrottle;
  looks = 0;

  constructor(settings: Partial<typeof LOGIN_THROTTLE_SETTINGS> = {}) {
    const clock = { now: () => this.nowMs, monotonic: () => this.nowMs } as Clock;
    this.throttle = new LoginThrottle(clock, { ...LOGIN_THROTTLE_SETTINGS, ...settings });
  }

  attempt(error?: Error, email = EMAIL, address = ADDRESS): Promise<string> {
    return this.throttle.attempt(email, address, async () => {
      this.looks++;
      if (error) throw error;
      return 'in';
    });
  }

  /** The code of the refusal, or `in`. */
  async outcome(error?: Error, email?: string, address?: string): Promise<string> {
    return this.attempt(error, email, address).catch((thrown: LeaseholdError) => thrown.code);
  }

  async fail(times: number): Promise<void> {
    for (let i = 0; i < times; i++) expect(await this.outcome(wrong)).toBe('invalid-credentials');
  }
}

const wrong = new ProblemError('invalid-credentials', 'wrong');
const away = new LeaseholdError('unavailable', 'unavailable', 'away');

describe('the throttle of log-ins', () => {
  it('looks at ten wrong passwords, then at one after each wait, which doubles to five minutes', async () => {
    const guesser = new Guesser();
    await guesser.fail(10);
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
      guesser.nowMs += waitMs - 1;
      await expect(guesser.attempt()).rejects.toMatchObject({ code: 'too-many-requests', retryAfterMs: 1 });
      guesser.nowMs += 1;
      await guesser.fail(1);
    }
    expect(guesser.looks).toBe(21);
  });

  it.each([
    [
      'two addresses of one network of IPv6, as everybody has it',
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff::9',
      'too-many-requests',
    ],
    ['one address, however it is written', '2001:db8:1:2::1', '2001:0DB8:0001:0002:0:0:0:1', 'too-many-requests'],
    ['IPv4 in the words of IPv6', '192.0.2.1', '::ffff:192.0.2.1', 'too-many-requests'],
    ['two networks of IPv6', '2001:db8:1:2::1', '2001:db8:1:3::1', 'in'],
    ['two addresses of IPv4', '192.0.2.1', '192.0.2.2', 'in'],
    ['two addresses of IPv4 in the words of IPv6', '::ffff:192.0.2.1', '::ffff:192.0.2.2', 'in'],
  ])('judges %s', async (_what, first, second, outcome) => {
    const guesser = new Guesser();
    for (let i = 0; i < 10; i++) await guesser.outcome(wrong, EMAIL, first);
    expect(await guesser.outcome(undefined, EMAIL, second)).toBe(outcome);
  });

  it('forgets failures after a success, and after a quarter of an hour', async () => {
    const guesser = new Guesser();
    await guesser.fail(9);
    expect(await guesser.outcome()).toBe('in');
    await guesser.fail(10);
    expect(await guesser.outcome()).toBe('too-many-requests');
    guesser.nowMs += 15 * 60_000;
    await guesser.fail(10);
  });

  it('lets others in to the account, and the same address in to other accounts', async () => {
    const guesser = new Guesser();
    await guesser.fail(10);
    expect(await guesser.outcome(undefined, EMAIL, '192.0.2.2')).toBe('in');
    expect(await guesser.outcome(undefined, 'b@example.com')).toBe('in');
    expect(await guesser.outcome()).toBe('too-many-requests');
  });

  it('counts attempts at the same time', async () => {
    const guesser = new Guesser();
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => guesser.outcome(wrong)));
    expect(outcomes.filter((code) => code === 'invalid-credentials')).toHaveLength(10);
    expect(guesser.looks).toBe(10);
  });

  it('does not take an outage for a wrong password', async () => {
    const guesser = new Guesser();
    for (let i = 0; i < 30; i++) expect(await guesser.outcome(away)).toBe('unavailable');
    expect(guesser.throttle.size).toBe(0);
    await guesser.fail(9);
    expect(await guesser.outcome(away)).toBe('unavailable');
    await guesser.fail(1);
    expect(await guesser.outcome()).toBe('too-many-requests');
  });

  it('remembers a bounded number, the latest', async () => {
    const guesser = new Guesser({ capacity: 3, freeFailures: 1 });
    for (const name of ['a', 'b', 'c', 'd']) await guesser.outcome(wrong, `${name}@example.com`);
    expect(guesser.throttle.size).toBe(3);
    expect(await guesser.outcome(undefined, 'a@example.com')).toBe('in');
    expect(await guesser.outcome(undefined, 'd@example.com')).toBe('too-many-requests');
  });
});
