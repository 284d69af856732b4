/** Hedges that may be saved up, and how many of them there are at first. */
const SAVED_LIMIT = 4;

/**
 * Each call earns a share of a hedge, so that hedges stay that share of all calls however slow the store gets: a store that is
 * overloaded is not loaded twice.
 */
export class HedgeBudget {
  private saved = SAVED_LIMIT;

  /** @param share of all calls, 0 to 1 */
  constructor(private readonly share: number) {}

  earn(): void {
    this.saved = Math.min(SAVED_LIMIT, this.saved + this.share);
  }

  /** Whether there is a hedge to be had, which is then spent. */
  spend(): boolean {
    if (this.saved < 1) return false;
    this.saved--;
    return true;
  }
}
