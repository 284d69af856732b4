import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Metric } from 'prom-client';

import type { Sample } from './duration-counts.js';
import { DurationCounts } from './duration-counts.js';

/** Injection token of the service's prom-client {@link Registry}. */
export const METRICS = Symbol('METRICS');

const REQUESTS = 'leasehold_http_requests_total';
const DURATIONS = 'leasehold_http_request_duration_seconds';

export function createMetrics(service: string, ofProcess: boolean): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (ofProcess) collectDefaultMetrics({ register: registry });
  return registry;
}

export interface RequestSample {
  readonly method: string;
  /** The route pattern, never the URL; `none` when no route matched. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Requests of one method to one route. */
export class RouteCounts {
  private readonly statuses = new Map<number, number>();
  private readonly durations = new DurationCounts();

  constructor(
    private readonly method: string,
    private readonly route: string,
  ) {}

  record(status: number, seconds: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.durations.add(seconds * 1_000);
  }

  requests(): readonly Sample[] {
    const { method, route } = this;
    return Array.from(this.statuses, ([status, value]) => {
      return { metricName: REQUESTS, labels: { method, route, status }, value };
    });
  }

  seconds(): readonly Sample[] {
    return this.durations.samples(DURATIONS, { method: this.method, route: this.route });
  }
}

/** Requests by route and status, and how long they took. Holds as much as there are routes, methods and statuses. */
export class HttpMetrics {
  private readonly routes = new Map<string, RouteCounts>();

  constructor(registry: Registry) {
    const all = (samples: (counts: RouteCounts) => readonly Sample[]) => () =>
      [...this.routes.values()].flatMap(samples);
    register(registry, REQUESTS, 'counter', 'Requests answered, by method, route pattern and status.', {
      samples: all((counts) => counts.requests()),
    });
    register(registry, DURATIONS, 'histogram', 'From the head of the request to the end of the answer.', {
      samples: all((counts) => counts.seconds()),
    });
  }

  record({ method, route, status, seconds }: RequestSample): void {
    this.of(method, route).record(status, seconds);
  }

  /** The same counts, for who asks for one route again and again. */
  of(method: string, route: string): RouteCounts {
    const key = `${method} ${route}`;
    let counts = this.routes.get(key);
    if (counts === undefined) this.routes.set(key, (counts = new RouteCounts(method, route)));
    return counts;
  }
}

function register(
  registry: Registry,
  name: string,
  type: 'counter' | 'histogram',
  help: string,
  { samples }: { readonly samples: () => readonly Sample[] },
): void {
  const metric = { name, help, type, aggregator: 'sum', get: async () => ({ name, help, type, values: samples() }) };
  // What a registry asks of a metric is `name` and `get`; the type stands for prom-client's own classes.
  registry.registerMetric(metric as unknown as Metric);
}
