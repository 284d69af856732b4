import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** What routing does, beside the requests that service-kit counts. */
export class GatewayMetrics {
  private readonly retries: Counter<'reason'>;
  private readonly refusals: Counter<'policy'>;
  private readonly held: Gauge;
  private readonly forwarded: Gauge;
  private readonly answersBytes: Gauge;
  private readonly openFeeds: Gauge;

  constructor() {
    this.retries = new Counter({
      name: 'leasehold_gateway_retries_total',
      help: 'Further attempts for one request, by what made them necessary.',
      labelNames: ['reason'],
      registers: [],
    });
    this.refusals = new Counter({
      name: 'leasehold_gateway_refusals_total',
      help: 'Requests refused because their tenant asked too much, by the policy of RateLimit that said so.',
      labelNames: ['policy'],
      registers: [],
    });
    this.held = new Gauge({
      name: 'leasehold_gateway_held_requests',
      help: 'Requests that wait for their database to come to a worker.',
      registers: [],
    });
    this.forwarded = new Gauge({
      name: 'leasehold_gateway_forwarded_requests',
      help: 'Requests that are with a worker, or held.',
      registers: [],
    });
    this.answersBytes = new Gauge({
      name: 'leasehold_gateway_answers_bytes',
      help: 'Bytes of values and pages that clients have yet to take.',
      registers: [],
    });
    this.openFeeds = new Gauge({
      name: 'leasehold_gateway_change_feeds',
      help: 'Change feeds that clients follow.',
      registers: [],
    });
  }

  register(registry: Registry): void {
    registry.registerMetric(this.refusals);
    registry.registerMetric(this.openFeeds);
    for (const metric of [this.retries, this.held, this.forwarded, this.answersBytes]) registry.registerMetric(metric);
  }

  retried(reason: string): void {
    this.retries.inc({ reason });
  }

  refused(policy: string): void {
    this.refusals.inc({ policy });
  }

  holds(requests: number): void {
    this.held.set(requests);
  }

  forwards(requests: number): void {
    this.forwarded.set(requests);
  }

  feeds(open: number): void {
    this.openFeeds.set(open);
  }

  answers(sizeBytes: number): void {
    this.answersBytes.set(sizeBytes);
  }
}
