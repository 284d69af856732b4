/** A time in which a database was asked and did not serve. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shorter ones are latency. */
const SHORTEST_GAP_MS = 250;

/**
 * Watches one database: a gap begins when the first request is sent that is not served before another one is, and ends when any request
 * is served. Where nobody asks, nothing is unavailable.
 */
export class Availability {
  private waiting = 0;
  private unservedSinceMs: number | undefined;

  constructor(private readonly onGap: (gap: Gap) => void) {}

  sent(nowMs: number): void {
    this.waiting++;
    this.unservedSinceMs ??= nowMs;
  }

  served(nowMs: number): void {
    this.waiting--;
    this.end(nowMs);
    // Those that are still on their way are asked from now on.
    this.unservedSinceMs = this.waiting > 0 ? nowMs : undefined;
  }

  failed(): void {
    this.waiting--;
  }

  /** How long it has not served by now. */
  openMs(nowMs: number): number {
    return this.unservedSinceMs === undefined ? 0 : nowMs - this.unservedSinceMs;
  }

  /** Ends what is open. */
  end(nowMs: number): void {
    const { unservedSinceMs } = this;
    this.unservedSinceMs = undefined;
    if (unservedSinceMs !== undefined && nowMs - unservedSinceMs >= SHORTEST_GAP_MS) {
      this.onGap({ fromMs: unservedSinceMs, toMs: nowMs });
    }
  }
}
