import { collectGarbage, compactDatabase, type CompactionReport, type GarbageReport } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import type { JobHandlers } from '@leasehold/jobs';
import type { SettleContext } from '@leasehold/object-store';

/** The part of the job queues that jobs themselves need. */
export interface FollowUps {
  enqueueGc(databaseId: DatabaseId): void;
}

export interface JobReports {
  compacted(report: CompactionReport, databaseId: DatabaseId): void;
  collected(report: GarbageReport, databaseId: DatabaseId): void;
}

export interface DatabaseJobsSettings {
  readonly gcMinAgeMs: number;
}

/** Compactions of one job. What is planned in pieces is mostly done then; the rest waits for the next flush or sweep. */
const ROUNDS_PER_JOB = 4;

/**
 * The jobs of one database. All of the thinking is the engine's; both may run twice, late, and beside the owner.
 *
 * - compact: goes on while there is something to do. It leaves garbage behind, its inputs when it was published and its outputs
 *   when somebody else was faster, so it asks for a collection.
 * - gc: asks for another when all that it found was too young, by whatever clock. Pinned files are left to the one who removes the
 *   pin, and to the sweep.
 */
export function databaseJobs(
  ctx: Readonly<Record<'compact' | 'gc', SettleContext>>,
  queues: FollowUps,
  reports: JobReports,
  { gcMinAgeMs }: DatabaseJobsSettings,
): Pick<JobHandlers, 'compact' | 'gc'> {
  return {
    compact: async ({ databaseId }, signal) => {
      for (let round = 0; round < ROUNDS_PER_JOB; round++) {
        signal.throwIfAborted();
        const report = await compactDatabase({ ...ctx.compact, signal }, databaseId);
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
