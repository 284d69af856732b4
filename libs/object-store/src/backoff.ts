import type { Random } from '@leasehold/foundation';

export interface BackoffSettings {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const STORE_BACKOFF: BackoffSettings = { firstMs: 20, maxMs: 1000 };

/** Pauses that double up to a bound, each shortened at random by up to half, so that many callers do not return together. */
export class Backoff {
  private ceilingMs: number;

  constructor(
    private readonly random: Random,
    private readonly settings: BackoffSettings = STORE_BACKOFF,
  ) {
    this.ceilingMs = settings.firstMs;
  }

  nextMs(): number {
    const ceilingMs = this.ceilingMs;
    this.ceilingMs = Math.min(ceilingMs * 2, this.settings.maxMs);
    return ceilingMs * (0.5 + this.random.fraction() / 2);
  }
}
