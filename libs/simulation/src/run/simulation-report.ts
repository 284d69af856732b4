import type { Violation } from '../history/history.js';
import type { SeedReport } from './seed-report.js';

/** A run without its history: what can be sent and added up. */
export type SeedSummary = Omit<SeedReport, 'history' | 'trace'>;

export function summaryOf({ history: _history, trace: _trace, ...summary }: SeedReport): SeedSummary {
  return summary;
}

/** What a set of seeds came to. */
export interface SimulationReport {
  readonly seeds: number;
  readonly from: number;
  /** Calls of clients, not ticks. */
  readonly operations: number;
  readonly takeovers: number;
  readonly lateLandings: number;
  readonly gcDeletions: number;
  /** Everything else that was counted. */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Calls by how they ended. */
  readonly answers: Readonly<Record<string, number>>;
  /** How many different failpoints processes came by, and at how many different ones how they were struck. */
  readonly failpoints: number;
  readonly strikes: number;
  readonly virtualHours: number;
  readonly violations: number;
  readonly undecided: number;
  /** The first of them, a few per seed. */
  readonly failures: readonly { readonly seed: number; readonly violations: readonly Violation[] }[];
  /** What a set of seeds must meet and did not. */
  readonly unmet: readonly string[];
  /** Runs the first seed that failed again; undefined when none did. */
  readonly replay: string | undefined;
}

/** A set of seeds in which one of these did not happen has not shown much. */
const MUST_HAPPEN = [
  ...(['takeovers', 'lateLandings', 'gcDeletions', 'strikesAtFailpoints'] as const),
  ...(['lostAcknowledgements', 'repetitions'] as const),
] as const;
/** A smaller one need not: it replays something. */
const SET_SEEDS = 10;
/** Failing seeds, and violations of each, that are told in full. */
const FAILURES_TOLD = 20;
const VIOLATIONS_TOLD = 5;

export function reportOf(from: number, summaries: readonly SeedSummary[], intensity = 1): SimulationReport {
  const counts = sums(summaries.map((summary) => summary.counts));
  const failed = summaries.filter(({ violations, undecided }) => violations.length > 0 || undecided > 0);
  const [first] = failed;
  const { takeovers = 0, lateLandings = 0, gcDeletions = 0, ...others } = counts;
  return {
    seeds: summaries.length,
    from,
    operations: sum(summaries.map(({ operations }) => operations)),
    takeovers,
    lateLandings,
    gcDeletions,
    counts: others,
    faults: sums(summaries.map(({ faults }) => faults)),
    answers: sums(summaries.map(({ answers }) => answers)),
    failpoints: new Set(summaries.flatMap(({ failpoints }) => Object.keys(failpoints))).size,
    strikes: new Set(summaries.flatMap(({ struck }) => Object.keys(struck))).size,
    virtualHours: Math.round(sum(summaries.map(({ virtualMs }) => virtualMs)) / 36_000) / 100,
    violations: sum(summaries.map(({ violations }) => violations.length)),
    undecided: sum(summaries.map(({ undecided }) => undecided)),
    failures: failed
      .slice(0, FAILURES_TOLD)
      .map(({ seed, violations }) => ({ seed, violations: violations.slice(0, VIOLATIONS_TOLD) })),
    unmet: summaries.length < SET_SEEDS ? [] : MUST_HAPPEN.filter((what) => (counts[what] ?? 0) === 0),
    replay:
      first &&
      `./leasehold simulate --seeds 1 --from ${first.seed}${intensity === 1 ? '' : ` --intensity ${intensity}`}`,
  };
}

/** True when every promise was kept, and enough happened to say so. */
export function isPassed({ violations, undecided, unmet }: SimulationReport): boolean {
  return violations === 0 && undecided === 0 && unmet.length === 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function sums(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const record of records)
    for (const [name, count] of Object.entries(record)) totals[name] = (totals[name] ?? 0) + count;
  return Object.fromEntries(Object.entries(totals).sort(([a], [b]) => (a < b ? -1 : 1)));
}
