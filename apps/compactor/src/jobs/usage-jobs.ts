import { LeaseholdError } from '@leasehold/foundation';
import type { JobHandlers, JobKind } from '@leasehold/jobs';
import type { ReconciliationReport } from '@leasehold/metering';
import { Reconciler, RollUp, TrafficTake, USAGE_RECORDS } from '@leasehold/upkeep';

import type { HandlerParts } from './handler-parts.js';
import type { storeFor } from './purpose-store.js';

/** Differences that are logged one by one; the others are counted, and kept with the reconciliation. */
const LOGGED_DIFFERENCES = 10;

/** What becomes of records of usage and of traffic. */
export function usageJobs(
  { ledger, recounts, traffic, metrics, log }: HandlerParts,
  contextOf: (kind: JobKind) => ReturnType<typeof storeFor>,
): Pick<JobHandlers, 'rollUp' | 'traffic' | 'reconcile'> {
  if (ledger === undefined || recounts === undefined || traffic === undefined) {
    return { rollUp: refused, traffic: refused, reconcile: refused };
  }
  const rollUp = new RollUp({
    ...contextOf('rollUp'),
    series: USAGE_RECORDS,
    ledger,
    onDamaged: (record, cause) => {
      metrics.usageRecord('damaged');
      log.error({ record, reason: cause instanceof Error ? cause.message : 'unknown' }, 'usage record is damaged');
    },
    onConflict: (record, databases) => {
      metrics.usageRecord('conflicting');
      log.error({ record, databases }, 'usage record contradicts what was told before');
    },
  });
  const taking = new TrafficTake({
    ...contextOf('traffic'),
    ledger: traffic,
    onDamaged: (record, cause) => {
      log.error({ record, reason: cause instanceof Error ? cause.message : 'unknown' }, 'traffic record is damaged');
    },
    onConflict: () => undefined,
  });
  const reconciler = new Reconciler({ ...contextOf('reconcile'), ledger, recounts });
  return {
    rollUp: async ({ full = false }, signal) => {
      const { records } = await rollUp.pass(signal, { full });
      metrics.usageRecord('taken', records);
    },
    traffic: async ({ full = false }, signal) => {
      await taking.pass(signal, { full });
    },
    reconcile: async (_, signal) => {
      const done = await reconciler.pass(signal);
      if (done === undefined) return;
      const { report, first } = done;
      metrics.reconciled(report);
      log[levelOf(report)]({ ...report, first: first.slice(0, LOGGED_DIFFERENCES) }, 'reconciliation of usage ended');
    },
  };
}

/** What was not read was not compared: nobody knows then whether the books agree. */
function levelOf({ differences, missing, unread }: ReconciliationReport): 'error' | 'warn' | 'info' {
  if (differences + missing > 0) return 'error';
  return unread > 0 ? 'warn' : 'info';
}

function refused(): Promise<never> {
  return Promise.reject(new LeaseholdError('invalid', 'no-ledger', 'usage is rolled up where DATABASE_URL is set'));
}
