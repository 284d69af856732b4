import type { Clock } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';

/**
 * Puts per second that may be spent (L1): a token bucket that fills evenly. A log that was idle has `burst` tokens, so
 * that a few writes in a row go out at once; from then on tokens come one by one, and no second begins with a rush that
 * leaves nothing for its end.
 */
export class PutBudget {
  private tokens: number;
  private filledAtMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    assert(perSecond > 0 && burst >= 1, 'a budget has room for a put');
    this.tokens = burst;
    this.filledAtMs = clock.monotonic();
  }

  /** Spends one put. @returns false when there is none to spend yet */
  take(): boolean {
    this.fill();
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Until {@link take} succeeds; 0 when it would now. */
  get waitMs(): number {
    this.fill();
    return Math.max(0, ((1 - this.tokens) / this.perSecond) * 1_000);
  }

  private fill(): void {
    const nowMs = this.clock.monotonic();
    // A timer that fires late takes nothing away: what was not spent meanwhile is still there, up to the burst.
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.filledAtMs) / 1_000) * this.perSecond);
    // A put that is due after a whole interval is not made to wait for a rounding error.
    if (this.tokens > 1 - EPSILON && this.tokens < 1) this.tokens = 1;
    this.filledAtMs = nowMs;
  }
}

const EPSILON = 1e-6;
