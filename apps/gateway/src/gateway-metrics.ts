import type { UsageMeter } from '@leasehold/metering';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** What routing does, beside the requests that service-kit counts. */
export class GatewayMetrics {
  private readonly retries: Counter<'reason'>;
  private readonly refusals: Counter<'policy'>;
  private readonly gauges: readonly Gauge[];
  private readonly budgets: Counter<'why'>;
  private held = 0;
  private forwarded = 0;
  private answersBytes = 0;
  private openFeeds = 0;

  /** @param usage told what is read; undefined: nobody meters */
  constructor(usage?: Pick<UsageMeter, 'lost'>) {
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
    this.budgets = new Counter({
      name: 'leasehold_gateway_budget_refusals_total',
      help: 'Requests that found nothing left of a budget, by whether it is used up or nobody could say.',
      labelNames: ['why'],
      registers: [],
    });
    this.gauges = [
      gauge('held_requests', 'Requests that wait for their database to come to a worker.', () => this.held),
      gauge('forwarded_requests', 'Requests that are with a worker, or held.', () => this.forwarded),
      gauge('answers_bytes', 'Bytes of values and pages that clients have yet to take.', () => this.answersBytes),
      gauge('change_feeds', 'Change feeds that clients follow.', () => this.openFeeds),
      gauge(
        'lost_usage',
        'Reads that there was no room to note, and that nobody is billed for.',
        () => usage?.lost ?? 0,
      ),
    ];
  }

  register(registry: Registry): void {
    for (const metric of [this.retries, this.refusals, this.budgets, ...this.gauges])
      registry.registerMetric(metric as Counter);
  }

  retried(reason: string): void {
    this.retries.inc({ reason });
  }

  refused(policy: string): void {
    this.refusals.inc({ policy });
  }

  overBudget(why: string): void {
    this.budgets.inc({ why });
  }

  holds(requests: number): void {
    this.held = requests;
  }

  forwards(requests: number): void {
    this.forwarded = requests;
  }

  feeds(open: number): void {
    this.openFeeds = open;
  }

  answers(sizeBytes: number): void {
    this.answersBytes = sizeBytes;
  }
}

/** Looked at when somebody wants to see it: it changes several times with each request. */
function gauge(name: string, help: string, read: () => number): Gauge {
  return new Gauge({
    name: `leasehold_gateway_${name}`,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
}
