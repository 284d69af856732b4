import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { systemClock, systemRandom } from '@leasehold/foundation';
import { JobQueues, queueStoreFrom, runJobWorkers, type JobWorkers, type JobWorkersSettings } from '@leasehold/jobs';
import type { ObjectStore } from '@leasehold/object-store';
import { Health, LOGGER, type Logger } from '@leasehold/service-kit';

import { type CompactorConfig } from '../config.js';
import { CompactorMetrics } from '../compactor-metrics.js';
import { COMPACTOR_CONFIG, STORE, WORKERS_SETTINGS } from '../tokens.js';
import { databaseJobs } from './database-jobs.js';

/** Of the drain, kept for what comes after the jobs: aborting those that run too long, and disconnecting. */
const DRAIN_RESERVE_MS = 3_000;

/** Takes jobs while the service runs. */
@Injectable()
export class JobRunner implements OnModuleDestroy {
  private readonly queues: JobQueues;
  private workers: JobWorkers | undefined;

  constructor(
    @Inject(COMPACTOR_CONFIG) private readonly config: CompactorConfig,
    @Inject(STORE) private readonly store: ObjectStore,
    @Inject(WORKERS_SETTINGS) private readonly settings: Partial<JobWorkersSettings>,
    @Inject(LOGGER) private readonly log: Logger,
    private readonly metrics: CompactorMetrics,
    health: Health,
  ) {
    const context = { store: queueStoreFrom(config), clock: systemClock, log };
    this.queues = new JobQueues(context, { gcMinAgeMs: config.GC_MIN_AGE_MS });
    metrics.watchQueues(() => this.queues.counts());
    health.addReadinessCheck('queue', () => this.workers?.running() ?? false);
  }

  /** @throws QueueUnavailableError */
  async start(): Promise<void> {
    const { config, log, metrics } = this;
    const handlers = databaseJobs(
      { store: this.store, clock: systemClock, random: systemRandom },
      this.queues,
      {
        compacted: (report, database) => {
          metrics.compacted(report);
          log.info({ database, ...report }, 'compaction ended');
        },
        collected: (report, database) => {
          metrics.collected(report);
          log.info({ database, ...report }, 'garbage collection ended');
        },
      },
      { gcMinAgeMs: config.GC_MIN_AGE_MS },
    );
    this.workers = await runJobWorkers(
      handlers,
      { store: queueStoreFrom(config), clock: systemClock, log, observe: (outcome) => metrics.jobEnded(outcome) },
      { concurrency: config.COMPACTION_CONCURRENCY, ...this.settings },
    );
  }

  /** Lets running jobs end, within the drain's time; then sends what they asked for. Idempotent. */
  async drain(): Promise<void> {
    await this.workers?.close(Math.max(0, this.config.DRAIN_TIMEOUT_MS - DRAIN_RESERVE_MS));
    await this.queues.close();
  }

  /** For a start that failed half-way; after a drain it changes nothing. */
  async onModuleDestroy(): Promise<void> {
    await this.drain();
  }
}
