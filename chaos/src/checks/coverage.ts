import type { Coverage } from '../chaos-report.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ServiceMetrics } from './service-metrics.js';

export function coverageOf(fleet: Fleet, metrics: ServiceMetrics): Coverage {
  const proxyFaults: Record<string, number> = {};
  for (const { proxy } of [...fleet.workers, ...fleet.compactors]) {
    for (const [kind, count] of Object.entries(proxy.counts())) proxyFaults[kind] = (proxyFaults[kind] ?? 0) + count;
  }
  return {
    proxyFaults,
    endedByThemselves: fleet.unexpectedDeaths,
    takeovers: metrics.sum(/^leasehold_worker_claims_total\{.*kind="takeover"/),
    compactions: metrics.sum(/^leasehold_compactor_compactions_total\{.*outcome="compacted"/),
    deletedFiles: metrics.sum(/^leasehold_compactor_deleted_files_total/),
    recoveredDatabases: metrics.sum(/^leasehold_compactor_recovered_databases_total\{.*outcome="published"/),
  };
}
