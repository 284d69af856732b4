import type { JobHandlers, JobKind } from '@leasehold/jobs';
import { databaseJobs, eraseJob, sessionJobs, sweepJob, type EraseLedger } from '@leasehold/upkeep';

import type { HandlerParts } from './handler-parts.js';
import { invoiceJobs } from './invoice-jobs.js';
import { storeFor } from './purpose-store.js';
import { usageJobs } from './usage-jobs.js';

/** A session with a longer ttl is given up here, and asked for by this process's own watch when the time has come. */
const WATCH_TIMEOUT_MS = 15_000;

const NOTHING_DUE: EraseLedger = {
  begin: () => Promise.resolve(false),
  postpone: () => Promise.resolve(),
  done: () => Promise.resolve(),
};

/** All that a compactor does, wired to what it reports. */
export function jobHandlers(parts: HandlerParts): JobHandlers {
  const { config, store, watch, queues, metrics, log } = parts;
  const contextOf = (kind: JobKind) => storeFor(kind, store, metrics);
  const databases = databaseJobs(
    { compact: contextOf('compact'), gc: contextOf('gc') },
    queues,
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
  const sessions = sessionJobs(
    {
      recover: { ...contextOf('recover'), watch, usage: parts.usage },
      purge: contextOf('purge'),
      queues,
      reports: {
        recovered: (report, session) => {
          metrics.recovered(report);
          const level = report.quarantined > 0 ? 'error' : 'info';
          log[level]({ session, ...report }, 'recovery of a session ended');
        },
        purged: (outcome, session) => {
          metrics.purged(outcome);
          log.info({ session, outcome }, 'purge of a session ended');
        },
      },
    },
    {
      databasesAtOnce: config.RECOVERY_CONCURRENCY,
      watchTimeoutMs: WATCH_TIMEOUT_MS,
      keepSessionsMs: config.SESSION_KEEP_MS,
    },
  );
  const erasures = eraseJob(
    {
      ...contextOf('erase'),
      watch,
      ledger: parts.purges ?? NOTHING_DUE,
      queues,
      erased: (report, database) => {
        metrics.erased(report);
        log.info({ database, ...report }, 'erasure of a database ended');
      },
    },
    { keepTombstoneMs: config.SESSION_KEEP_MS },
  );
  const sweeps = sweepJob(
    {
      ...contextOf('sweep'),
      watch,
      queues,
      onDamaged: (database, cause) => {
        metrics.damagedHead();
        log.error({ database, reason: cause instanceof Error ? cause.message : 'unknown' }, 'head is damaged');
      },
    },
    (report) => {
      metrics.swept(report);
      log.info(report, 'sweep ended');
    },
    {
      intervalMs: config.SWEEP_INTERVAL_MS,
      gcMinAgeMs: config.GC_MIN_AGE_MS,
      keepSessionsMs: config.SESSION_KEEP_MS,
    },
  );
  return { ...databases, ...sessions, ...erasures, ...sweeps, ...usageJobs(parts, contextOf), ...invoiceJobs(parts) };
}
