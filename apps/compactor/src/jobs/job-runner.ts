import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PostgresPurges } from '@leasehold/directory';
import type { Head } from '@leasehold/engine';
import { systemClock, type Timer } from '@leasehold/foundation';
import {
  DEFAULT_JOB_WORKERS_SETTINGS,
  JobQueues,
  queueStoreFrom,
  runJobWorkers,
  type JobWorkers,
  type JobWorkersSettings,
} from '@leasehold/jobs';
import { SessionWatch } from '@leasehold/lease';
import { UsageMeter } from '@leasehold/metering';
import { Metadata } from '@leasehold/metadata';
import type { ObjectStore } from '@leasehold/object-store';
import { Health, LOGGER, type Logger } from '@leasehold/service-kit';
import { startRecoveryWatch } from '@leasehold/upkeep';
import { TrafficLedger, UsageLedger, UsageRecounts } from '@leasehold/usage-ledger';
import { tellHead, UsageRecorder } from '@leasehold/usage-recorder';

import { type CompactorConfig } from '../config.js';
import { CompactorMetrics } from '../compactor-metrics.js';
import { COMPACTOR_CONFIG, STORE, WORKERS_SETTINGS } from '../tokens.js';
import { watchPurges } from './due-purges.js';
import { jobHandlers } from './job-handlers.js';
import { storeFor } from './purpose-store.js';

/** Of the drain, kept for what comes after the jobs: aborting those that run too long, and disconnecting. */
const DRAIN_RESERVE_MS = 3_000;
/** The queue may lose the schedule with everything else; told again, one that it has stays as it is. */
const SCHEDULE_AGAIN_MS = 3_600_000;

/** Between two looks at all usage records, also of sessions that are gone. */
const FULL_ROLL_UP_INTERVAL_MS = 24 * 3_600_000;
/** Between two recounts of the last days of usage. */
const RECONCILE_INTERVAL_MS = 24 * 3_600_000;
/** Between two looks for months to be billed: one query where there are none. */
const INVOICE_INTERVAL_MS = 10 * 60_000;
/** The lines of a large organization take a while to read. */
const INVOICE_STATEMENT_TIMEOUT_MS = 120_000;
/** Two batches of invoices are made at once; the third is for whoever asks beside them. */
const INVOICE_CONNECTIONS = 3;
/** A recovery records by itself; this is for what it could not. */
const USAGE_INTERVAL_MS = 15_000;

/** Watches sessions and takes jobs while the service runs. */
@Injectable()
export class JobRunner implements OnModuleDestroy {
  private readonly queues: JobQueues;
  private readonly watch: SessionWatch;
  private readonly ledger: UsageLedger | undefined;
  private readonly recounts: UsageRecounts | undefined;
  private readonly traffic: TrafficLedger | undefined;
  /** Of invoices; connects when the first is looked for. */
  private readonly metadata: Metadata | undefined;
  /** What recovered sessions wrote, until it is recorded. */
  private readonly usage = new UsageMeter();
  private readonly recorder: UsageRecorder;
  private workers: JobWorkers | undefined;
  private readonly purges: PostgresPurges | undefined;
  private readonly stopping = new AbortController();
  private scheduling: Timer | undefined;
  private draining: Promise<void> | undefined;

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
    this.watch = new SessionWatch(storeFor('watch', store, metrics));
    this.recorder = new UsageRecorder(
      {
        ...storeFor('recover', store, metrics),
        meter: this.usage,
        onFailed: (error) => log.warn({ err: error }, 'usage could not be recorded, it will be tried again'),
      },
      { intervalMs: USAGE_INTERVAL_MS },
    );
    this.ledger = config.DATABASE_URL ? new UsageLedger(config.DATABASE_URL) : undefined;
    this.traffic = config.DATABASE_URL ? new TrafficLedger(config.DATABASE_URL) : undefined;
    this.recounts = config.DATABASE_URL ? new UsageRecounts(config.DATABASE_URL) : undefined;
    this.metadata = config.DATABASE_URL ? openMetadata(config.DATABASE_URL) : undefined;
    this.purges = config.DATABASE_URL ? new PostgresPurges(config.DATABASE_URL) : undefined;
    metrics.watchQueues(() => this.queues.counts());
    health.addReadinessCheck('queue', () => this.workers?.running() ?? false);
  }

  /** @throws QueueUnavailableError, StoreUnavailableError */
  async start(): Promise<void> {
    const { config, ledger, log, metadata, metrics, purges, queues, recounts, store, traffic, watch } = this;
    await startRecoveryWatch(watch, queues);
    const { concurrency } = DEFAULT_JOB_WORKERS_SETTINGS;
    const usage = {
      tell: (head: Head) => tellHead(this.usage, head, systemClock.now()),
      recorded: () => this.recorder.record(),
    };
    this.recorder.start();
    this.workers = await runJobWorkers(
      jobHandlers({ config, store, watch, queues, usage, ledger, recounts, traffic, metadata, purges, metrics, log }),
      { store: queueStoreFrom(config), clock: systemClock, log, observe: (outcome) => metrics.jobEnded(outcome) },
      { concurrency: { ...concurrency, compact: config.COMPACTION_CONCURRENCY }, ...this.settings },
    );
    if (ledger === undefined) log.warn('usage is not rolled up: DATABASE_URL is not set');
    this.scheduleJobs();
    if (purges === undefined) log.warn('deleted databases are not purged: DATABASE_URL is not set');
    else void watchPurges(purges, queues, { intervalMs: config.PURGE_INTERVAL_MS, log, signal: this.stopping.signal });
  }

  /** Lets running jobs end, within the drain's time; then sends what they asked for. Idempotent. */
  drain(): Promise<void> {
    this.draining ??= this.end();
    return this.draining;
  }

  /** For a start that failed half-way; after a drain it changes nothing. */
  async onModuleDestroy(): Promise<void> {
    await this.drain();
  }

  private async end(): Promise<void> {
    this.scheduling?.cancel();
    this.stopping.abort();
    await this.workers?.close(Math.max(0, this.config.DRAIN_TIMEOUT_MS - DRAIN_RESERVE_MS));
    // Only now: jobs that were running may have waited for it.
    this.watch.stop();
    await this.queues.close();
    await this.recorder.stop();
    await this.purges?.close();
    await this.ledger?.close();
    await this.traffic?.close();
    await this.metadata?.close();
  }

  private scheduleJobs(): void {
    const { SWEEP_INTERVAL_MS, ROLL_UP_INTERVAL_MS } = this.config;
    this.queues.scheduleSweeps(SWEEP_INTERVAL_MS);
    if (this.ledger) {
      this.queues.scheduleRollUps(ROLL_UP_INTERVAL_MS, FULL_ROLL_UP_INTERVAL_MS);
      this.queues.scheduleTraffic(ROLL_UP_INTERVAL_MS, FULL_ROLL_UP_INTERVAL_MS);
      this.queues.scheduleReconciliations(RECONCILE_INTERVAL_MS);
      this.queues.scheduleInvoices(INVOICE_INTERVAL_MS);
    }
    this.scheduling = systemClock.schedule(SCHEDULE_AGAIN_MS, () => this.scheduleJobs());
  }
}

function openMetadata(databaseUrl: string): Metadata {
  const limits = { maxConnections: INVOICE_CONNECTIONS, statementTimeoutMs: INVOICE_STATEMENT_TIMEOUT_MS };
  return Metadata.open({ databaseUrl, ...limits });
}
