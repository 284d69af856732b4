import {
  collectGarbage,
  compactDatabase,
  type CompactionReport,
  type CompactionSettings,
  type GarbageReport,
} from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

import { UNSEEN, type Job } from './job.js';
import { ToldCompaction } from './told-compaction.js';

/** Where the jobs of a database ask for further ones. */
export interface DatabaseQueues {
  enqueueGc(databaseId: DatabaseId): void;
}

/** Told of every compaction and collection that ended, also of those that found nothing to do. */
export interface DatabaseReports {
  compacted(report: CompactionReport, databaseId: DatabaseId): void;
  collected(report: GarbageReport, databaseId: DatabaseId): void;
}

export interface DatabaseJobsSettings {
  readonly gcMinAgeMs: number;
  /** What of the engine's settings is to be different. */
  readonly compaction?: Partial<CompactionSettings>;
}

export interface DatabaseJobs {
  readonly compact: Job<{ readonly databaseId: DatabaseId }>;
  readonly gc: Job<{ readonly databaseId: DatabaseId }>;
}

/** Compactions of one job. What is planned in pieces is mostly done then; the rest waits for the next flush or sweep. */
const ROUNDS_PER_JOB = 4;

/**
 * The jobs of one database. All of the thinking is the engine's; both may run twice, late, and beside the owner.
 *
 * - compact: goes on while there is something to do. It leaves garbage behind, its inputs when it was published and its outputs
 *   when somebody else was faster or when it was cancelled, so it asks for a collection.
 * - gc: asks for another when all that it found was too young, by whatever clock. Pinned files are left to the one who removes the
 *   pin, and to the sweep.
 */
export function databaseJobs(
  ctx: Readonly<Record<'compact' | 'gc', SettleContext>>,
  queues: DatabaseQueues,
  reports: DatabaseReports,
  { gcMinAgeMs, compaction = {} }: DatabaseJobsSettings,
): DatabaseJobs {
  return {
    compact: async ({ databaseId }, signal, run = UNSEEN) => {
      const watch = new ToldCompaction(run);
      for (let round = 0; round < ROUNDS_PER_JOB; round++) {
        signal.throwIfAborted();
        const report = await compactDatabase({ ...ctx.compact, signal }, databaseId, compaction, watch).catch(
          (error: unknown) => {
            if (signal.aborted) queues.enqueueGc(databaseId);
            throw error;
          },
        );
        reports.compacted(report, databaseId);
        if (report.outcome === 'compacted' || report.outcome === 'superseded') queues.enqueueGc(databaseId);
        if (report.outcome !== 'compacted') return;
      }
    },
    gc: async ({ databaseId }, signal) => {
      const report = await collectGarbage({ ...ctx.gc, signal }, databaseId, { minAgeMs: gcMinAgeMs });
      reports.collected(report, databaseId);
      // Without a minimum age nothing is too young, and asking again at once would never end.
      if (report.outcome === 'nothing' && report.keptFiles > 0 && gcMinAgeMs > 0) queues.enqueueGc(databaseId);
    },
  };
}
