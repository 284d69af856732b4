import { Inject, Injectable } from '@nestjs/common';
import type { JobOutcome, JobQueuesCounts } from '@leasehold/jobs';
import type { CompactionReport, EraseReport, GarbageReport } from '@leasehold/engine';
import type { InvoiceRoundReport } from '@leasehold/metadata';
import type { ReconciliationReport } from '@leasehold/metering';
import type { StoreCall } from '@leasehold/object-store';
import { METRICS } from '@leasehold/service-kit';
import type { RecoveryReport, SweepReport } from '@leasehold/upkeep';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From a head that needed nothing to the merge of a database of 10 GB. */
const DURATION_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What a compactor counts. */
@Injectable()
export class CompactorMetrics {
  /** Registered together, once there is where. */
  private readonly counters: Counter[] = [];
  private readonly jobs = this.counter(
    'jobs_total',
    'Jobs that ended, by kind and outcome (done, retrying, failed, cancelled).',
    ['kind', 'outcome'],
  );
  private readonly durations: Histogram<'kind' | 'outcome'>;
  private readonly compactions = this.counter('compactions_total', 'Compactions by what came of them.', ['outcome']);
  private readonly bytes = this.counter('bytes_total', 'Bytes of files merged (in) and published (out).', [
    'direction',
  ]);
  private readonly files = this.counter('files_total', 'Files merged (in) and published (out).', ['direction']);
  private readonly droppedEntries = this.counter(
    'dropped_entries_total',
    'Tombstones and superseded versions that a merge left out.',
  );
  private readonly collections = this.counter('collections_total', 'Garbage collections by what came of them.', [
    'outcome',
  ]);
  private readonly deletedFiles = this.counter('deleted_files_total', 'Unreferenced files deleted.');
  private readonly deletedBytes = this.counter('deleted_bytes_total', 'Bytes of unreferenced files deleted.');
  private readonly recoveries = this.counter('recoveries_total', 'Recoveries of sessions by what came of them.', [
    'outcome',
  ]);
  private readonly recoveredDatabases = this.counter(
    'recovered_databases_total',
    'Databases of ended sessions: published, superseded (taken over by somebody else), quarantined (page someone).',
    ['outcome'],
  );
  private readonly purges = this.counter(
    'purges_total',
    'Ended sessions by whether their record and log could be deleted.',
    ['outcome'],
  );
  private readonly erasures = this.counter('erasures_total', 'Runs of erasures by what came of them.', ['outcome']);
  private readonly erasedBytes = this.counter('erased_bytes_total', 'Bytes of deleted databases that were erased.');
  private readonly damagedHeads = this.counter('damaged_heads_total', 'Heads whose bytes nobody wrote: page someone.');
  private readonly sweptJobs = this.counter('swept_jobs_total', 'Jobs that a sweep asked for, by kind.', ['kind']);
  private readonly sweptHeads = this.counter('swept_heads_total', 'Heads that sweeps read.');
  private readonly usageRecords = this.counter(
    'usage_records_total',
    'Usage records by what came of them: taken, damaged, or contradicting what was told before (page someone).',
    ['outcome'],
  );
  private readonly reconciliations = this.counter(
    'usage_reconciliations_total',
    'Recounts of the last days of usage: equal, different (page someone), or incomplete, where not all records were read.',
    ['outcome'],
  );
  private readonly usageDifferences = this.counter(
    'usage_differences_total',
    'Numbers of usage that are not what the records say, in all recounts: page someone.',
  );
  private readonly missingRecords = this.counter(
    'usage_records_missing_total',
    'Usage records that were taken and are not in the bucket any more, in all recounts.',
  );
  private readonly invoices = this.counter(
    'invoices_total',
    'Months of organizations by what came of them: finalized, empty, failed (look at the log), and others that changed nothing.',
    ['outcome'],
  );
  private readonly requests = this.counter(
    'store_requests_total',
    'Requests to the bucket, by the kind of job that made them, or the watch.',
    ['purpose', 'verb', 'outcome'],
  );
  private readonly lastSweep: Gauge;

  constructor(@Inject(METRICS) private readonly registry: Registry) {
    const registers = [registry];
    for (const each of this.counters) registry.registerMetric(each);
    this.durations = new Histogram({
      name: 'leasehold_compactor_job_duration_seconds',
      help: 'How long one attempt of a job took.',
      labelNames: ['kind', 'outcome'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.lastSweep = new Gauge({
      name: 'leasehold_compactor_last_sweep_timestamp_seconds',
      help: 'When this process last ended a sweep; 0 before the first.',
      registers,
    });
  }

  private counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    const counter = new Counter({ name: `leasehold_compactor_${name}`, help, labelNames, registers: [] });
    this.counters.push(counter as Counter);
    return counter;
  }

  jobEnded({ kind, outcome, durationMs }: JobOutcome): void {
    this.jobs.inc({ kind, outcome });
    this.durations.observe({ kind, outcome }, durationMs / 1_000);
  }

  compacted(report: CompactionReport): void {
    this.compactions.inc({ outcome: report.outcome });
    this.bytes.inc({ direction: 'in' }, report.inputBytes);
    this.bytes.inc({ direction: 'out' }, report.outputBytes);
    this.files.inc({ direction: 'in' }, report.inputFiles);
    this.files.inc({ direction: 'out' }, report.outputFiles);
    this.droppedEntries.inc(report.droppedEntries);
  }

  collected(report: GarbageReport): void {
    this.collections.inc({ outcome: report.outcome });
    this.deletedFiles.inc(report.deletedFiles);
    this.deletedBytes.inc(report.deletedBytes);
  }

  recovered({ outcome, published, superseded, quarantined }: RecoveryReport): void {
    this.recoveries.inc({ outcome });
    for (const [each, count] of Object.entries({ published, superseded, quarantined })) {
      this.recoveredDatabases.inc({ outcome: each }, count);
    }
  }

  purged(outcome: string): void {
    this.purges.inc({ outcome });
  }

  erased({ outcome, deletedBytes }: EraseReport): void {
    this.erasures.inc({ outcome });
    this.erasedBytes.inc(deletedBytes);
  }

  swept({ asked, headsRead }: SweepReport): void {
    for (const [kind, count] of Object.entries(asked)) this.sweptJobs.inc({ kind }, count);
    this.sweptHeads.inc(headsRead);
    this.lastSweep.setToCurrentTime();
  }

  damagedHead(): void {
    this.damagedHeads.inc();
  }

  usageRecord(outcome: 'taken' | 'damaged' | 'conflicting', count = 1): void {
    this.usageRecords.inc({ outcome }, count);
  }

  invoiced({ outcomes, failed }: InvoiceRoundReport): void {
    for (const [outcome, count] of Object.entries({ ...outcomes, failed })) this.invoices.inc({ outcome }, count);
  }

  reconciled({ differences, missing, unread }: ReconciliationReport): void {
    const outcome = differences > 0 ? 'different' : unread > 0 ? 'incomplete' : 'equal';
    this.reconciliations.inc({ outcome });
    this.usageDifferences.inc(differences);
    this.missingRecords.inc(missing);
  }

  requested(purpose: string, { verb, outcome }: StoreCall): void {
    this.requests.inc({ purpose, verb, outcome });
  }

  /** The sending side counts by itself; its counts are read when somebody looks. */
  watchQueues(counts: () => JobQueuesCounts): void {
    new Counter({
      name: 'leasehold_job_queue_sends_total',
      help: 'Jobs put into a queue (added), attempts that failed (failed), jobs given up (dropped).',
      labelNames: ['outcome'],
      registers: [this.registry],
      collect() {
        const { added, failed, dropped } = counts();
        this.reset();
        for (const [outcome, count] of Object.entries({ added, failed, dropped })) this.inc({ outcome }, count);
      },
    });
  }
}
