/** From a warm read in memory to a request held while its database moves. */
export const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

const BUCKETS_MS = DURATION_BUCKETS_SECONDS.map((seconds) => seconds * 1_000);
const BOUNDS = [...DURATION_BUCKETS_SECONDS, '+Inf'];

/** One value of a metric, as a registry of prom-client asks for it. */
export interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * One series of a Prometheus histogram of durations. Counts by itself what prom-client's own would look up by labels each time, which is most
 * of what measuring a read from memory would cost.
 */
export class DurationCounts {
  /** Not cumulative; the last is what is above all bounds. */
  private readonly buckets = new Array<number>(BOUNDS.length).fill(0);
  private count = 0;
  private sumMs = 0;

  add(ms: number): void {
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count += 1;
    this.sumMs += ms;
  }

  /** None before anything was counted. */
  samples(name: string, labels: Readonly<Record<string, string>>): readonly Sample[] {
    if (this.count === 0) return [];
    let below = 0;
    return [
      ...BOUNDS.map((le, bucket) => {
        below += this.buckets[bucket] ?? 0;
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
      }),
      { metricName: `${name}_sum`, labels, value: this.sumMs / 1_000 },
      { metricName: `${name}_count`, labels, value: this.count },
    ];
  }
}
