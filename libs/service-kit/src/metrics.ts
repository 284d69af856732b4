import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** Injection token of the service's prom-client {@link Registry}. */
export const METRICS = Symbol('METRICS');

/** From a warm read in memory to a request held while its database moves. */
export const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

export interface RequestSample {
  readonly method: string;
  /** The route pattern, never the URL; `none` when no route matched. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Requests by route and status, and how long they took. */
export class HttpMetrics {
  private readonly requests: Counter<'method' | 'route' | 'status'>;
  private readonly durations: Histogram<'method' | 'route'>;

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: 'leasehold_http_requests_total',
      help: 'Requests answered, by method, route pattern and status.',
      labelNames: ['method', 'route', 'status'],
      registers: [registry],
    });
    this.durations = new Histogram({
      name: 'leasehold_http_request_duration_seconds',
      help: 'From the head of the request to the end of the answer.',
      labelNames: ['method', 'route'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers: [registry],
    });
  }

  record({ method, route, status, seconds }: RequestSample): void {
    this.requests.inc({ method, route, status });
    this.durations.observe({ method, route }, seconds);
  }
}
