import { elapsedMsSince, instant, systemClock, type Clock, type Instant } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

export interface MailThrottleSettings {
  /** To one address at once, after a pause. */
  readonly burst: number;
  /** One more after each such time. */
  readonly refillMs: number;
  /** Addresses remembered; the one that was written to longest ago goes first. */
  readonly capacity: number;
}

export const MAIL_THROTTLE_SETTINGS: MailThrottleSettings = { burst: 5, refillMs: 10 * 60_000, capacity: 10_000 };

interface Allowance {
  readonly mails: number;
  readonly countedAt: Instant;
}

/**
 * Bounds the mails that strangers can have sent to one address, whether or not it has an account. In this process only:
 * several control planes allow as many times more.
 */
export class MailThrottle {
  /** In the order of writing, latest last. */
  private readonly allowances = new Map<string, Allowance>();

  constructor(
    private readonly clock: Clock = systemClock,
    private readonly settings: MailThrottleSettings = MAIL_THROTTLE_SETTINGS,
  ) {}

  get size(): number {
    return this.allowances.size;
  }

  /** @throws ProblemError too-many-requests */
  admit(address: string): void {
    const { burst, refillMs, capacity } = this.settings;
    const known = this.allowances.get(address);
    const mails = known ? Math.min(burst, known.mails + elapsedMsSince(this.clock, known.countedAt) / refillMs) : burst;
    if (mails < 1) {
      throw new ProblemError('too-many-requests', 'too many mails to this address; wait before the next', {
        retryAfterMs: Math.ceil((1 - mails) * refillMs),
      });
    }
    this.allowances.delete(address);
    this.allowances.set(address, { mails: mails - 1, countedAt: instant(this.clock) });
    if (this.allowances.size <= capacity) return;
    const [oldest] = this.allowances.keys();
    if (oldest !== undefined) this.allowances.delete(oldest);
  }
}
