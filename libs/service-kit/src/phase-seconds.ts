import type { Phase, PhaseList } from '@leasehold/foundation';
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
  /** In the order of the phases. */
  private readonly counted: readonly DurationCounts[] = PHASES.map(() => new DurationCounts());

  register(registry: Registry): void {
    // What a registry asks of a metric is `name` and `get`; the type stands for prom-client's own classes.
    registry.registerMetric(this as unknown as Metric);
  }

  record(times: PhaseList): void {
    for (let place = 0; place < this.counted.length; place++) {
      const ms = times[place] as number;
      if (ms > 0) this.counted[place]?.add(ms);
    }
  }

  /** What a registry shows: only phases that any request was in. */
  async get(): Promise<
    { readonly values: readonly Sample[] } & Pick<PhaseSeconds, 'name' | 'help' | 'type' | 'aggregator'>
  > {
    const { name, help, type, aggregator } = this;
    const values = this.counted.flatMap((counts, place) => counts.samples(NAME, { phase: PHASES[place] as Phase }));
    return { name, help, type, aggregator, values };
  }
}
