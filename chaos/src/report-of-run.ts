import type { ChaosReport, RequestCounts, Targets } from './chaos-report.js';
import { missedTargets } from './chaos-report.js';
import { coverageOf } from './checks/coverage.js';
import type { ServiceMetrics } from './checks/service-metrics.js';
import type { FaultLog } from './fault-log.js';
import type { ZombieTally } from './faults/zombie-tally.js';
import type { Fleet } from './fleet/fleet.js';
import type { Findings } from './ledger/finding.js';
import type { LatencySample } from './load/latency-sample.js';
import type { ChaosSettings } from './chaos-settings.js';

/** What was counted while a run went on. */
export interface RunCounts {
  readonly settings: ChaosSettings;
  readonly fleet: Fleet;
  readonly findings: Findings;
  readonly zombies: ZombieTally;
  readonly log: FaultLog;
  readonly metrics: ServiceMetrics;
  readonly notDone: readonly string[];
  readonly calm: LatencySample;
  readonly requests: Omit<RequestCounts, 'perSecond' | 'calmMs'> & {
    readonly acknowledged: number;
  };
}

/** What was found when it was over. */
export type EndOfRun = Pick<ChaosReport, 'readBack' | 'sums' | 'bucket' | 'scrub'>;

export function reportOf(counts: RunCounts, end: EndOfRun, targets: Targets): ChaosReport {
  const { settings, fleet, findings, zombies, log, metrics, notDone, calm, requests } = counts;
  const byFault = log.byFault();
  const single = Object.entries(byFault).filter(([kind]) => kind !== 'all-at-once');
  const { acknowledged, ...requestCounts } = requests;
  const judged = {
    acknowledged,
    lost: findings.count('lost'),
    doubled: findings.count('doubled'),
    stale: findings.count('stale'),
    maxUnavailableMs: Math.max(0, ...single.map(([, tally]) => tally.maxUnavailableMs)),
    failedRequestsOnDrain: log.of('worker-drain')?.failedRequests ?? 0,
    staleAfterResume: zombies.stale,
    acknowledgedAfterResume: zombies.acknowledged,
    phantom: findings.count('phantom'),
    disorder: findings.count('disorder'),
    foreign: findings.count('foreign'),
    damaged: findings.count('damaged'),
    unitsBilledMinusDone: end.bucket.unitsBilledMinusDone,
    byFault,
    seed: settings.seed,
    minutes: settings.minutes,
    parts: partsOf(fleet),
    requests: {
      ...requestCounts,
      perSecond: Math.round(requests.sent / (settings.minutes * 60)),
      calmMs: { p50: calm.quantile(0.5), p99: calm.quantile(0.99) },
    },
    zombies,
    ...end,
    coverage: coverageOf(fleet, metrics),
    notDone,
    findings: findings.examples,
  };
  return { ...judged, missed: missedTargets(judged, targets) };
}

function partsOf({ parts }: Fleet): ChaosReport['parts'] {
  const whose = (own: unknown): string => (own === undefined ? 'given' : 'own');
  return {
    bucket: parts.bucket === undefined ? 'given' : 'local-bucket',
    postgres: whose(parts.postgres.own),
    redis: parts.redis === undefined ? 'none' : whose(parts.redis.own),
  };
}
