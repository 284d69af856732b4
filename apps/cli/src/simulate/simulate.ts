import type { SimulationReport, TeethReport } from '@leasehold/simulation';
import { isPassed, runSeeds, runTeeth } from '@leasehold/simulation';

import { CliError } from '../cli-error.js';

export interface SimulateOptions {
  readonly seeds: number;
  /** The first seed. */
  readonly from: number;
  readonly threads: number;
  /** Faults are so many times as frequent. */
  readonly intensity: number;
  /** Run the broken variants too, each until it is caught. */
  readonly teeth: boolean;
  readonly json: boolean;
}

interface SimulateOutput {
  readonly print: (text: string) => void;
  /** What goes on meanwhile, for whoever waits. */
  readonly say: (text: string) => void;
}

/** A variant that is not caught by so many seeds has survived. */
export const SEEDS_PER_VARIANT = 60;
/** Between two words on how far it is, in seeds. */
const TELL_EVERY_SEEDS = 25;

/**
 * The whole of `./leasehold simulate`: runs the seeds, and the variants if asked to, and prints what they came to; with `json` as one line.
 * @throws CliError when a promise was broken, nothing much happened, or a variant survived
 */
export async function simulate(options: SimulateOptions, { print, say }: SimulateOutput): Promise<void> {
  const { from, seeds, threads, intensity, teeth, json } = options;
  let done = 0;
  const report = await runSeeds({
    from,
    seeds,
    threads,
    intensity,
    onSeed: ({ seed, violations }) => {
      done++;
      if (violations.length > 0) say(`seed ${seed}: ${violations.length} violations`);
      if (done % TELL_EVERY_SEEDS === 0) say(`${done} of ${seeds} seeds`);
    },
  });
  const bitten = teeth ? await bite(from, threads, say) : undefined;
  print(json ? JSON.stringify(jsonOf(report, bitten)) : textOf(report, bitten));
  const failures = [
    ...(isPassed(report) ? [] : [faultOf(report)]),
    ...(bitten === undefined || bitten.caught === bitten.variants ? [] : [survivorsOf(bitten)]),
  ];
  if (failures.length > 0) throw new CliError(failures.join('; '));
}

function bite(from: number, concurrency: number, say: (text: string) => void): Promise<TeethReport> {
  return runTeeth({
    from,
    seedsPerVariant: SEEDS_PER_VARIANT,
    concurrency,
    onRun: ({ variant, caughtBy, seedsTaken }) => {
      say(
        `${variant}: ${caughtBy ? `caught by ${caughtBy.rule} in seed ${caughtBy.seed}` : 'survived'}, ${seedsTaken} seeds`,
      );
    },
  });
}

/** Violations as a number, with the first failures beside it. */
function jsonOf(report: SimulationReport, teeth: TeethReport | undefined) {
  return {
    ...report,
    variants: teeth?.variants ?? 0,
    caught: teeth?.caught ?? 0,
    teeth: teeth?.each.map(({ variant, invariant, caughtBy, seedsTaken }) => ({
      variant,
      invariant,
      seed: caughtBy?.seed ?? null,
      rule: caughtBy?.rule ?? null,
      seedsTaken,
    })),
    replay: report.replay ?? null,
  };
}

function textOf(report: SimulationReport, teeth: TeethReport | undefined): string {
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const { takeovers, lateLandings, gcDeletions } = report;
  const lines = [
    `${report.seeds} seeds from ${report.from}, ${report.operations} client calls, ${report.virtualHours} virtual hours`,
    `happened: ${list({ takeovers, lateLandings, gcDeletions, ...report.counts })}`,
    `faults: ${list(report.faults)}`,
    `answers: ${list(report.answers)}`,
    `failpoints: ${report.failpoints} met, ${report.strikes} different strikes at them`,
    ...report.failures.flatMap(({ seed, violations }) => [
      `seed ${seed}:`,
      ...violations.map(
        ({ rule, database, what }) => `  ${rule}${database === undefined ? '' : `, database ${database}`}: ${what}`,
      ),
    ]),
    `violations: ${report.violations}, undecided keys: ${report.undecided}`,
  ];
  if (report.replay !== undefined) lines.push(`replay: ${report.replay}`);
  if (teeth === undefined) return lines.join('\n');
  for (const { variant, invariant, breaks, caughtBy, seedsTaken } of teeth.each) {
    const end = caughtBy ? `caught in seed ${caughtBy.seed} by ${caughtBy.rule}` : 'SURVIVED';
    lines.push(`${invariant} ${variant} (${breaks}): ${end}, ${seedsTaken} seeds`);
  }
  lines.push(`variants: ${teeth.variants}, caught: ${teeth.caught}`);
  return lines.join('\n');
}

function faultOf({ violations, undecided, unmet, replay }: SimulationReport): string {
  if (violations > 0)
    return `promises were broken: ${violations} violations; replay with ${replay ?? 'the same seeds'}`;
  if (undecided > 0) return `keys whose course could not be judged: ${undecided}`;
  return `these seeds have not shown much, for there were no ${unmet.join(', ')}`;
}

function survivorsOf({ each }: TeethReport): string {
  const names = each.filter(({ caughtBy }) => caughtBy === undefined).map(({ variant }) => variant);
  return `broken variants survived: ${names.join(', ')}`;
}
