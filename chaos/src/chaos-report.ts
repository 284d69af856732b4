import type { BucketAudit } from './checks/bucket-audit.js';
import type { ReadBack } from './checks/read-back.js';
import type { ScrubResult } from './checks/scrub.js';
import type { FaultTally } from './fault-log.js';
import type { ZombieTally } from './faults/zombie-tally.js';
import type { Finding } from './ledger/finding.js';
import type { SumCounts } from './ledger/tally-record.js';

/** What `./leasehold chaos --json` prints. */
export interface ChaosReport {
  readonly seed: number;
  readonly minutes: number;
  /** Which parts were real servers that others run, ours, or missing. */
  readonly parts: { readonly bucket: string; readonly postgres: string; readonly redis: string };
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  readonly stale: number;
  readonly phantom: number;
  readonly disorder: number;
  readonly foreign: number;
  readonly damaged: number;
  /** Of any database under any single fault. */
  readonly maxUnavailableMs: number;
  readonly failedRequestsOnDrain: number;
  readonly staleAfterResume: number;
  readonly acknowledgedAfterResume: number;
  readonly unitsBilledMinusDone: BucketAudit['unitsBilledMinusDone'];
  readonly byFault: Readonly<Record<string, FaultTally>>;
  readonly requests: RequestCounts;
  readonly zombies: ZombieTally;
  readonly readBack: ReadBack;
  readonly sums: SumCounts;
  readonly bucket: BucketAudit;
  readonly scrub: ScrubResult;
  readonly coverage: Coverage;
  /** What could not be done here, and why. */
  readonly notDone: readonly string[];
  readonly findings: readonly Finding[];
  /** Targets that were missed; empty in a good run. */
  readonly missed: readonly string[];
}

export interface RequestCounts {
  readonly sent: number;
  readonly failed: number;
  /** Due and not sent: too many were on their way. */
  readonly shed: number;
  readonly perSecond: number;
  readonly unknownOutcomes: number;
  /** Sent once more under the same idempotency key, and those of them that were answered as done before. */
  readonly repeated: number;
  readonly replayed: number;
  /** From sending to answer, of what was served while no fault was under way. */
  readonly calmMs: { readonly p50: number; readonly p99: number };
}

/** How much was done to the service: a run in which little happened proves little. */
export interface Coverage {
  /** Faults of the ways to the bucket, by kind. */
  readonly proxyFaults: Readonly<Record<string, number>>;
  /** The same of the ways from clients to gateways. */
  readonly lineFaults: Readonly<Record<string, number>>;
  /** Answers that gateways have given, and that no client has heard, or not to the end. */
  readonly lostAnswers: number;
  /** Processes that ended by themselves, as one does that has lost its lease. */
  readonly endedByThemselves: number;
  readonly takeovers: number;
  readonly compactions: number;
  readonly deletedFiles: number;
  readonly recoveredDatabases: number;
}

/** A takeover is due after the ttl and a tenth, a listing and the recovery: what is promised. */
export const UNAVAILABLE_MARGIN_MS = 2_000;

export interface Targets {
  readonly ttlMs: number;
}

type Judged = Omit<ChaosReport, 'missed'>;

const NEVER = ['lost', 'doubled', 'stale', 'phantom', 'disorder', 'foreign', 'damaged'] as const;

/** What of the promises was not kept. */
export function missedTargets(report: Judged, { ttlMs }: Targets): readonly string[] {
  const missed: string[] = [];
  for (const kind of NEVER) if (report[kind] > 0) missed.push(`${kind}: ${report[kind]}`);
  const killed = report.byFault['worker-kill'];
  if (killed !== undefined && killed.maxUnavailableMs > ttlMs + UNAVAILABLE_MARGIN_MS) {
    missed.push(`worker-kill: a database was not served for ${killed.maxUnavailableMs} ms`);
  }
  if (report.byFault['answers-lost'] !== undefined && report.coverage.lostAnswers === 0) {
    missed.push('answers lost: none, so that it is not known what becomes of a request whose answer is');
  }
  if (report.failedRequestsOnDrain > 0) missed.push(`failed requests on drain: ${report.failedRequestsOnDrain}`);
  if (report.staleAfterResume > 0) missed.push(`stale after resume: ${report.staleAfterResume}`);
  if (report.acknowledgedAfterResume > 0) missed.push(`acknowledged after resume: ${report.acknowledgedAfterResume}`);
  if (report.bucket.wronglyBilled.length > 0) missed.push(`wrongly billed: ${report.bucket.wronglyBilled.join('; ')}`);
  if (report.bucket.quarantined.length > 0) missed.push(`quarantined: ${report.bucket.quarantined.join(', ')}`);
  if (report.bucket.missingHeads.length > 0) missed.push(`missing heads: ${report.bucket.missingHeads.join(', ')}`);
  const { missing, corrupt, wrong } = report.scrub;
  if (missing + corrupt > 0) missed.push(`scrub: ${missing} objects missing, ${corrupt} corrupt: ${wrong.join('; ')}`);
  return missed;
}

/** For people: the line of JSON is for everybody else. */
export function formatChaosReport(report: ChaosReport): string {
  const { requests, bucket, coverage } = report;
  const faults = Object.entries(report.byFault).map(([kind, tally]) => {
    const failures = Object.entries(tally.failures).map(([code, count]) => `${count} ${code}`);
    const cells = [
      kind.padEnd(18),
      String(tally.count).padStart(5),
      String(tally.requests).padStart(10),
      String(tally.failedRequests).padStart(8),
      String(tally.maxUnavailableMs).padStart(14),
      String(tally.maxWritesUnavailableMs).padStart(11),
    ];
    return `  ${cells.join('')}  ${failures.join(', ')}`;
  });
  const found = report.findings.map(({ kind, database, key, detail }) => `  ${kind}: ${database} ${key}: ${detail}`);
  return [
    '',
    `seed ${report.seed}, ${report.minutes} min; bucket ${report.parts.bucket}, Postgres ${report.parts.postgres}, Redis ${report.parts.redis}`,
    `${requests.sent} requests (${requests.perSecond}/s), ${report.acknowledged} writes acknowledged, ${requests.failed} requests failed, ${requests.unknownOutcomes} outcomes unknown, ${requests.shed} not sent; calm p50 ${requests.calmMs.p50} ms, p99 ${requests.calmMs.p99} ms`,
    `lost ${report.lost}, doubled ${report.doubled}, stale ${report.stale}, phantom ${report.phantom}, disorder ${report.disorder}, foreign ${report.foreign}, damaged ${report.damaged}`,
    `after resume: ${report.zombies.requests} requests to ${report.zombies.sealedWorkers} sealed workers, ${report.staleAfterResume} stale, ${report.acknowledgedAfterResume} acknowledged`,
    `billed minus done: between ${bucket.unitsBilledMinusDone.atLeast} and ${bucket.unitsBilledMinusDone.atMost}; ${report.readBack.keys} keys read back, ${report.readBack.unreadable} not readable; scrub: ${report.scrub.objects} objects, ${report.scrub.missing} missing, ${report.scrub.corrupt} corrupt, ${report.scrub.orphans} orphans`,
    `${coverage.lostAnswers} answers lost on their way to clients, ${requests.repeated} requests sent again under their idempotency keys, ${requests.replayed} of them done before; ${report.sums.asked} sums, ${report.sums.acknowledged} acknowledged, ${report.sums.unknown} unknown, of which ${report.sums.applied} were applied`,
    `${coverage.takeovers} takeovers, ${coverage.recoveredDatabases} recovered by jobs, ${coverage.compactions} compactions, ${coverage.deletedFiles} files deleted, ${coverage.endedByThemselves} processes ended by themselves`,
    '',
    '  fault             count  requests  failed  unavailable ms     writes  failures',
    ...faults,
    ...(report.notDone.length === 0 ? [] : ['', ...report.notDone.map((line) => `not done: ${line}`)]),
    ...(found.length === 0 ? [] : ['', 'found:', ...found]),
    '',
    report.missed.length === 0 ? 'everything held' : `MISSED: ${report.missed.join('; ')}`,
  ].join('\n');
}
