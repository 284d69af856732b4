import type { JobHandlers } from '@leasehold/jobs';

import { sweepBucket, type SweepContext, type SweepReport, type SweepSettings } from './sweep.js';

/** The job that asks for the jobs that are missing. */
export function sweepJob(
  ctx: SweepContext,
  swept: (report: SweepReport) => void,
  settings: Omit<SweepSettings, 'full'>,
): Pick<JobHandlers, 'sweep'> {
  return {
    sweep: async ({ full = false }, signal) => swept(await sweepBucket(ctx, { ...settings, full }, signal)),
  };
}
