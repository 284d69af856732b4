/** Latencies are counted by whole milliseconds; longer ones count as this. */
const LONGEST_MS = 30_000;

/** Quantiles of any number of latencies in bounded memory. */
export class LatencySample {
  private readonly counts = new Uint32Array(LONGEST_MS + 1);
  private total = 0;

  add(ms: number): void {
    const at = Math.min(LONGEST_MS, Math.max(0, Math.round(ms)));
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.total++;
  }

  /** 0 when nothing was added. @param fraction in (0, 1] */
  quantile(fraction: number): number {
    let left = this.total * fraction;
    for (const [ms, count] of this.counts.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return ms;
    }
    return 0;
  }
}
