import type { Phase, PhaseTimes } from '@leasehold/foundation';
import { PHASES } from '@leasehold/foundation';
import type { Metric, Registry } from 'prom-client';

import { DURATION_BUCKETS_SECONDS } from './metrics.js';

const NAME = 'leasehold_request_phase_seconds';
const BUCKETS_MS = DURATION_BUCKETS_SECONDS.map((seconds) => seconds * 1_000);

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * Seconds of requests by phase, as a Prometheus histogram. Counts by itself what prom-client's own would look up by labels for each
 * phase of each request, which is most of what measuring a read from memory would cost.
 */
export class PhaseSeconds {
  readonly name = NAME;
  readonly help = 'Where the time of requests goes; the phases of one add up to all of its time until its answer.';
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private readonly counted = Object.fromEntries(PHASES.map((phase) => [phase, new Counted()])) as Record<
    Phase,
    Counted
  >;

  register(registry: Registry): void {
    // What a registry asks of a metric is `name` and `get`; the type stands for prom-client's own classes.
    registry.registerMetric(this as unknown as Metric);
  }

  record(times: PhaseTimes): void {
    for (const phase of PHASES) if (times[phase] > 0) this.counted[phase].add(times[phase]);
  }

  /** What a registry shows: only phases that any request was in. */
  async get(): Promise<
    { readonly values: readonly Sample[] } & Pick<PhaseSeconds, 'name' | 'help' | 'type' | 'aggregator'>
  > {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: PHASES.flatMap((phase) => this.counted[phase].samples(phase)) };
  }
}

class Counted {
  /** Not cumulative; the last is what is above all bounds. */
  private readonly buckets = new Array<number>(BUCKETS_MS.length + 1).fill(0);
  private count = 0;
  private sumMs = 0;

  add(ms: number): void {
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count += 1;
    this.sumMs += ms;
  }

  samples(phase: Phase): readonly Sample[] {
    if (this.count === 0) return [];
    let below = 0;
    const bounds = [...DURATION_BUCKETS_SECONDS, '+Inf'];
    return [
      ...bounds.map((le, bucket) => {
        below += this.buckets[bucket] ?? 0;
        return { metricName: `${NAME}_bucket`, labels: { le, phase }, value: below };
      }),
      { metricName: `${NAME}_sum`, labels: { phase }, value: this.sumMs / 1_000 },
      { metricName: `${NAME}_count`, labels: { phase }, value: this.count },
    ];
  }
}
