import { Inject, Injectable } from '@nestjs/common';
import type { JobOutcome, JobQueuesCounts } from '@leasehold/jobs';
import type { CompactionReport, GarbageReport } from '@leasehold/engine';
import { METRICS } from '@leasehold/service-kit';
import { Counter, Histogram, Registry } from 'prom-client';

/** From a head that needed nothing to the merge of a database of 10 GB. */
const DURATION_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What a compactor counts. */
@Injectable()
export class CompactorMetrics {
  private readonly jobs: Counter<'kind' | 'outcome'>;
  private readonly durations: Histogram<'kind' | 'outcome'>;
  private readonly compactions: Counter<'outcome'>;
  private readonly bytes: Counter<'direction'>;
  private readonly files: Counter<'direction'>;
  private readonly droppedEntries: Counter;
  private readonly collections: Counter<'outcome'>;
  private readonly deletedFiles: Counter;
  private readonly deletedBytes: Counter;

  constructor(@Inject(METRICS) private readonly registry: Registry) {
    const registers = [registry];
    this.jobs = new Counter({
      name: 'leasehold_compactor_jobs_total',
      help: 'Jobs that ended, by kind and outcome (done, retrying, failed).',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.durations = new Histogram({
      name: 'leasehold_compactor_job_duration_seconds',
      help: 'How long one attempt of a job took.',
      labelNames: ['kind', 'outcome'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.compactions = new Counter({
      name: 'leasehold_compactor_compactions_total',
      help: 'Compactions by what came of them.',
      labelNames: ['outcome'],
      registers,
    });
    this.bytes = new Counter({
      name: 'leasehold_compactor_bytes_total',
      help: 'Bytes of files merged (in) and published (out).',
      labelNames: ['direction'],
      registers,
    });
    this.files = new Counter({
      name: 'leasehold_compactor_files_total',
      help: 'Files merged (in) and published (out).',
      labelNames: ['direction'],
      registers,
    });
    this.droppedEntries = new Counter({
      name: 'leasehold_compactor_dropped_entries_total',
      help: 'Tombstones and superseded versions that a merge left out.',
      registers,
    });
    this.collections = new Counter({
      name: 'leasehold_compactor_collections_total',
      help: 'Garbage collections by what came of them.',
      labelNames: ['outcome'],
      registers,
    });
    this.deletedFiles = new Counter({
      name: 'leasehold_compactor_deleted_files_total',
      help: 'Unreferenced files deleted.',
      registers,
    });
    this.deletedBytes = new Counter({
      name: 'leasehold_compactor_deleted_bytes_total',
      help: 'Bytes of unreferenced files deleted.',
      registers,
    });
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
