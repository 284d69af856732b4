import type { Job } from '../job.js';
import { sweepBucket, type SweepContext, type SweepReport, type SweepSettings } from './sweep.js';

export interface SweepJob {
  /** Full: every head is read, however long it has not changed. */
  readonly sweep: Job<{ readonly full?: boolean }>;
}

/** The job that asks for the jobs that are missing. */
export function sweepJob(
  ctx: SweepContext,
  swept: (report: SweepReport) => void,
  settings: Omit<SweepSettings, 'full'>,
): SweepJob {
  return {
    sweep: async ({ full = false }, signal) => swept(await sweepBucket(ctx, { ...settings, full }, signal)),
  };
}
