import type { Phase, PhaseTimes } from '@leasehold/foundation';
import { PHASES } from '@leasehold/foundation';
import type { Metric, Registry } from 'prom-client';

import type { Sample } from './duration-counts.js';
import { DurationCounts } from './duration-counts.js';

const NAME = 'leasehold_request_phase_seconds';

/** Seconds of requests by phase, as a Prometheus histogram. */
export class PhaseSeconds {
  readonly name = NAME;
  readonly help = 'Where the time of requests goes; the phases of one add up to all of its time until its answer.';
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private readonly counted = Object.fromEntries(PHASES.map((phase) => [phase, new DurationCounts()])) as Record<
    Phase,
    DurationCounts
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
    const values = PHASES.flatMap((phase) => this.counted[phase].samples(NAME, { phase }));
    return { name, help, type, aggregator, values };
  }
}
