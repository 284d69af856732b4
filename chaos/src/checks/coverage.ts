import type { Coverage } from '../chaos-report.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ServiceMetrics } from './service-metrics.js';

export function coverageOf(fleet: Fleet, metrics: ServiceMetrics): Coverage {
  const lineFaults = sums(fleet.lines.map((line) => line.counts()));
  return {
    proxyFaults: sums([...fleet.workers, ...fleet.compactors].map(({ proxy }) => proxy.counts())),
    lineFaults,
    lostAnswers: (lineFaults['reset-after'] ?? 0) + (lineFaults['truncate'] ?? 0),
    endedByThemselves: fleet.unexpectedDeaths,
    takeovers: metrics.sum(/^leasehold_worker_claims_total\{.*kind="takeover"/),
    compactions: metrics.sum(/^leasehold_compactor_compactions_total\{.*outcome="compacted"/),
    deletedFiles: metrics.sum(/^leasehold_compactor_deleted_files_total/),
    recoveredDatabases: metrics.sum(/^leasehold_compactor_recovered_databases_total\{.*outcome="published"/),
  };
}

function sums(records: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const totals: Record<string, number> = {};
  for (const record of records) {
    for (const [kind, count] of Object.entries(record)) totals[kind] = (totals[kind] ?? 0) + count;
  }
  return totals;
}
