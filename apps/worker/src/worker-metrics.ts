import type { StoreCall } from '@leasehold/object-store';
import type { OwnershipEvents } from '@leasehold/ownership';
import { traceIdOf } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Since the process began. */
export interface SessionTally {
  readonly claims: number;
  /** Of them, those of databases that were another session's. */
  readonly takeovers: number;
  readonly coldStarts: number;
}

const TAKEOVER = 'takeover';

/** Counts what happens to databases, and logs what somebody may want to know. Never keys or values. */
export class WorkerMetrics {
  private readonly claims = counter('claims', 'databases claimed: free ones, and ones taken over', ['kind']);
  private readonly coldStarts = counter('cold_starts', 'requests of databases that were not open here', [
    'cause',
    'way',
  ]);
  private readonly releases = counter('releases', 'databases given up');
  private readonly failures = counter('background_failures', 'background work to be tried again', ['what']);
  private readonly quarantines = counter('quarantines', 'databases whose bytes nobody wrote: page someone');
  private readonly storeRequests = counter('store_requests', 'requests to the bucket', ['verb', 'outcome']);
  private registry: Registry | undefined;

  constructor(private readonly logger: Logger) {}

  /** Before anything is counted that should be seen. */
  register(registry: Registry): void {
    this.registry = registry;
    const counters = [this.claims, this.coldStarts, this.releases, this.failures, this.quarantines, this.storeRequests];
    for (const each of counters) registry.registerMetric(each as Counter);
  }

  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `leasehold_worker_${name}`,
      help,
      registers: this.registry ? [this.registry] : [],
      collect() {
        this.set(read());
      },
    });
  }

  /** What operators are told of the same counters. */
  async tally(): Promise<SessionTally> {
    const [claims, coldStarts] = await Promise.all([this.claims.get(), this.coldStarts.get()]);
    const takeovers = claims.values.filter(({ labels }) => labels.kind === TAKEOVER);
    return { claims: sumOf(claims.values), takeovers: sumOf(takeovers), coldStarts: sumOf(coldStarts.values) };
  }

  storeCall({ verb, outcome, durationMs, traceparent }: StoreCall): void {
    this.storeRequests.inc({ verb, outcome });
    // What nobody's trace stands behind is of no use to who follows one.
    if (traceparent === undefined || !this.logger.isLevelEnabled('debug')) return;
    this.logger.debug({ traceId: traceIdOf(traceparent), verb, outcome, durationMs }, 'bucket call');
  }

  events(compactionWanted: OwnershipEvents['compactionWanted']): OwnershipEvents {
    const { logger } = this;
    return {
      compactionWanted,
      claimed: (databaseId, from) => {
        this.claims.inc({ kind: from === undefined ? 'free' : TAKEOVER });
        if (from !== undefined) logger.info({ databaseId, from }, 'database taken over');
      },
      coldStart: ({ cause, way }) => this.coldStarts.inc({ cause, way }),
      released: () => this.releases.inc(),
      quarantined: (databaseId, cause) => {
        this.quarantines.inc();
        logger.fatal({ databaseId, err: cause }, 'database quarantined');
      },
      failed: (what, databaseId, error) => {
        this.failures.inc({ what });
        logger.warn({ databaseId, err: error }, `${what} failed, it will be tried again`);
      },
    };
  }
}

function sumOf(values: readonly { readonly value: number }[]): number {
  return values.reduce((sum, { value }) => sum + value, 0);
}

function counter<Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
  return new Counter<Label>({ name: `leasehold_worker_${name}_total`, help, labelNames, registers: [] });
}
