import type { Histogram } from 'hdr-histogram-js';
import { build } from 'hdr-histogram-js';

const HIGHEST_US = 600_000_000;
const MICROSECONDS = 1_000;

/** Latencies in ms with three digits, from a microsecond to ten minutes. */
export class Latencies {
  private readonly histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });

  record(ms: number): void {
    this.histogram.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(ms * MICROSECONDS))));
  }

  add(other: Latencies): void {
    this.histogram.add(other.histogram);
  }

  get count(): number {
    return this.histogram.totalCount;
  }

  /** @param percent 0 to 100 */
  percentileMs(percent: number): number {
    return this.histogram.getValueAtPercentile(percent) / MICROSECONDS;
  }

  summary(): LatencySummary {
    return {
      count: this.count,
      p50Ms: this.percentileMs(50),
      p99Ms: this.percentileMs(99),
      p999Ms: this.percentileMs(99.9),
      maxMs: this.histogram.maxValue / MICROSECONDS,
    };
  }
}

/** What travels between processes. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}
