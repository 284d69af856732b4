import {
  elapsedMsSince,
  instant,
  isLeaseholdError,
  systemClock,
  type Clock,
  type Instant,
} from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { networkOf } from './client-network.js';

export interface LoginThrottleSettings {
  /** Failures in a row that cost nothing but time: people mistype. */
  readonly freeFailures: number;
  /** Wait after the first failure beyond; doubles with each further one. */
  readonly firstWaitMs: number;
  readonly maxWaitMs: number;
  /** Failures are forgotten so long after the last. */
  readonly memoryMs: number;
  /** Pairs of account and address remembered; the one that failed longest ago goes first. */
  readonly capacity: number;
}

export const LOGIN_THROTTLE_SETTINGS: LoginThrottleSettings = {
  freeFailures: 10,
  firstWaitMs: 1_000,
  maxWaitMs: 5 * 60_000,
  memoryMs: 15 * 60_000,
  capacity: 10_000,
};

interface Failures {
  readonly count: number;
  readonly latest: Instant;
}

/**
 * Slows down whoever guesses the password of one account from one address. By both, so that guessing locks nobody else out
 * of the account; of IPv6 a whole network is one address. In this process only: several control planes allow as many times more.
 */
export class LoginThrottle {
  /** In the order of failing, latest last. */
  private readonly failures = new Map<string, Failures>();

  constructor(
    private readonly clock: Clock = systemClock,
    private readonly settings: LoginThrottleSettings = LOGIN_THROTTLE_SETTINGS,
  ) {}

  get size(): number {
    return this.failures.size;
  }

  /**
   * Runs a log-in. It counts as failed from its start until it succeeds, so that attempts at the same time count too.
   * @param email whether or not it has an account, which nobody should learn here
   * @throws ProblemError too-many-requests: the password was not looked at
   */
  async attempt<T>(email: string, address: string, logIn: () => Promise<T>): Promise<T> {
    const key = `${networkOf(address)} ${email}`;
    const before = this.known(key);
    const leftMs = this.waitMs(before);
    if (leftMs > 0) {
      throw new ProblemError('too-many-requests', 'too many failed log-ins; wait before the next', {
        retryAfterMs: Math.ceil(leftMs),
      });
    }
    this.remember(key, (before?.count ?? 0) + 1);
    try {
      const result = await logIn();
      this.failures.delete(key);
      return result;
    } catch (error) {
      // An outage says nothing about the password.
      if (!isLeaseholdError(error, 'denied')) this.takeBack(key);
      throw error;
    }
  }

  private known(key: string): Failures | undefined {
    const failures = this.failures.get(key);
    return failures && elapsedMsSince(this.clock, failures.latest) < this.settings.memoryMs ? failures : undefined;
  }

  private waitMs(failures: Failures | undefined): number {
    const { freeFailures, firstWaitMs, maxWaitMs } = this.settings;
    if (!failures || failures.count < freeFailures) return 0;
    const waitMs = Math.min(firstWaitMs * 2 ** (failures.count - freeFailures), maxWaitMs);
    return waitMs - elapsedMsSince(this.clock, failures.latest);
  }

  private remember(key: string, count: number): void {
    this.failures.delete(key);
    this.failures.set(key, { count, latest: instant(this.clock) });
    if (this.failures.size <= this.settings.capacity) return;
    const [oldest] = this.failures.keys();
    if (oldest !== undefined) this.failures.delete(oldest);
  }

  private takeBack(key: string): void {
    const failures = this.failures.get(key);
    if (failures && failures.count > 1) this.failures.set(key, { ...failures, count: failures.count - 1 });
    else this.failures.delete(key);
  }
}
