import { purgeOrphanedLog, purgeSession } from '@leasehold/commit-log';
import type { SessionId } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

import type { Job } from '../job.js';
import { areRecovered } from './is-recovered.js';
import { recoverSession, type RecoverContext, type RecoverSettings, type RecoveryReport } from './recover-session.js';

/** Of which `absent` means that there was no record; what was left of the log is deleted then. */
export type PurgeOutcome = Awaited<ReturnType<typeof purgeSession>>;

export interface SessionReports {
  recovered(report: RecoveryReport, sessionId: SessionId): void;
  purged(outcome: PurgeOutcome, sessionId: SessionId): void;
}

export interface SessionJobsContext {
  readonly recover: RecoverContext;
  readonly purge: Pick<SettleContext, 'store' | 'clock' | 'random'>;
  readonly queues: { enqueueRecovery(sessionId: SessionId, seen: 'ended'): void };
  readonly reports: SessionReports;
}

export interface SessionJobsSettings extends RecoverSettings {
  /** By the store's clock; records and logs of ended sessions are kept for so long at least (S5). */
  readonly keepSessionsMs: number;
}

export interface SessionJobs {
  readonly recover: Job<{ readonly sessionId: SessionId }>;
  readonly purge: Job<{ readonly sessionId: SessionId }>;
}

/**
 * The jobs of one session.
 *
 * - recover: brings what it left in its log into the heads.
 * - purge: deletes record and log once every database in it is recovered; asks for the recovery where one is not, and the next
 *   sweep asks for the purge again.
 */
export function sessionJobs(
  { recover, purge, queues, reports }: SessionJobsContext,
  settings: SessionJobsSettings,
): SessionJobs {
  return {
    recover: async ({ sessionId }, signal) => {
      reports.recovered(await recoverSession(recover, sessionId, settings, signal), sessionId);
    },
    purge: async ({ sessionId }, signal) => {
      const outcome = await purgeSession(purge, sessionId, {
        minAgeMs: settings.keepSessionsMs,
        isRecovered: (databases) => areRecovered({ ...purge, signal }, sessionId, databases, settings.databasesAtOnce),
        signal,
      });
      reports.purged(outcome, sessionId);
      if (outcome === 'absent') await purgeOrphanedLog(purge, sessionId, { minAgeMs: settings.keepSessionsMs, signal });
      if (outcome === 'unrecovered' || outcome === 'not-ended') queues.enqueueRecovery(sessionId, 'ended');
    },
  };
}
