export interface BreakerSettings {
  /** Connection failures in a row that open it. */
  readonly failuresToOpen: number;
  /** First time that it stays open; doubles with each failed trial. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

export const BREAKER_DEFAULTS: BreakerSettings = { failuresToOpen: 3, openMs: 250, maxOpenMs: 5_000 };

/**
 * Keeps requests from trying a worker that cannot be reached: after some failures in a row nobody asks it for a while
 * (open), then one request tries (half-open), and its luck decides. Time comes with every call, monotonic ms.
 */
export class CircuitBreaker {
  private failures = 0;
  private openedTimes = 0;
  private openUntilMs: number | undefined;
  private trialUntilMs: number | undefined;

  constructor(private readonly settings: BreakerSettings = BREAKER_DEFAULTS) {}

  /** Whether a request may try now. While half-open this is true for one caller, which then has to report. */
  allows(nowMs: number): boolean {
    if (this.openUntilMs === undefined) return true;
    if (nowMs < this.openUntilMs) return false;
    // A trial that never reports (its caller was aborted) must not keep the breaker shut for ever.
    if (this.trialUntilMs !== undefined && nowMs < this.trialUntilMs) return false;
    this.trialUntilMs = nowMs + this.settings.maxOpenMs;
    return true;
  }

  /** Whether {@link allows} would say no, without taking the trial. */
  isOpen(nowMs: number): boolean {
    if (this.openUntilMs === undefined) return false;
    return nowMs < this.openUntilMs || (this.trialUntilMs !== undefined && nowMs < this.trialUntilMs);
  }

  /** Nothing speaks against asking, and nobody tries whether it works again. */
  get isClosed(): boolean {
    return this.openUntilMs === undefined;
  }

  /** The worker answered, whatever it said. */
  succeeded(): void {
    this.failures = 0;
    this.openedTimes = 0;
    this.openUntilMs = undefined;
    this.trialUntilMs = undefined;
  }

  /** The worker could not be reached, or did not answer. */
  failed(nowMs: number): void {
    this.failures++;
    const wasTrial = this.trialUntilMs !== undefined;
    // Many requests were under way when it opened: one outage, told by each of them.
    const knownAlready = this.openUntilMs !== undefined && nowMs < this.openUntilMs;
    if (!wasTrial && knownAlready) return;
    if (!wasTrial && this.failures < this.settings.failuresToOpen) return;
    const backoffMs = Math.min(this.settings.openMs * 2 ** this.openedTimes, this.settings.maxOpenMs);
    this.openedTimes = Math.min(this.openedTimes + 1, 30); // 2^30 is far above any cap
    this.openUntilMs = nowMs + backoffMs;
    this.trialUntilMs = undefined;
  }
}
