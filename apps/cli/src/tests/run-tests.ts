import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../cli-error.js';
import { REPOSITORY } from '../repository.js';
import type { Terminal } from '../terminal.js';
import { LANES, missingRequirements, type Lane } from './lanes.js';
import { slowestFiles } from './slowest-files.js';
import { addTallies, EMPTY_TALLY, readTally, summaryLine, type Tally } from './tally.js';

export interface TestOptions {
  /** All lanes when empty. */
  readonly lanes: readonly Lane[];
  /** Handed on to Jest: patterns, `-t`, … */
  readonly jestArguments: readonly string[];
}

/** One more than there are cores: many files wait longer than they work, for a round of the clock, a server, a retry. */
const WORKERS = availableParallelism() + 1;

/** Of each group, named at its end. */
const SLOWEST = 8;

/** Whose tests start whole sets of processes each. They come after the others: one set uses a core nearly all the time, half of it to start. */
const LANES_OF_SETS: readonly Lane[] = ['e2e'];
const SETS_AT_A_TIME = 2;

/** Room for young objects: the least that short-lived ones need not be copied for. A seventh less time than with V8's 16 MiB. */
const YOUNG_MIB = 32;

/** The whole of `./leasehold test`. @throws CliError when anything failed, or was skipped where nothing may be. */
export async function runTests(options: TestOptions, terminal: Terminal, env: NodeJS.ProcessEnv): Promise<void> {
  const lanes = options.lanes.length === 0 ? LANES : options.lanes;
  const strict = env['LEASEHOLD_REQUIRE_LANES'] === '1';
  const missing = missingRequirements(lanes, env);
  for (const { name, lanes: affected, remedy } of missing) {
    terminal.say(
      `${strict ? 'MISSING' : 'SKIPPING'}: tests of the lanes ${affected.join(', ')} that need ${name}; ${remedy}`,
    );
  }
  if (strict && missing.length > 0) throw new CliError('LEASEHOLD_REQUIRE_LANES=1 and a lane lacks its server');

  let tally = EMPTY_TALLY;
  let clean = true;
  for (const group of [lanes.filter((lane) => !isOfSets(lane)), lanes.filter(isOfSets)]) {
    if (group.length === 0) continue;
    const run = await runJest(group, options.jestArguments, env);
    tally = addTallies(tally, run.tally);
    clean &&= run.clean;
    if (run.slowest.length > 1) terminal.say(`the slowest files of ${group.join(', ')}:\n${run.slowest.join('\n')}`);
  }
  terminal.result(summaryLine(tally));
  if (!clean || tally.failed > 0) throw new CliError('tests failed');
  if (tally.passed + tally.skipped === 0) throw new CliError('no test matches');
  if (strict && tally.skipped > 0) throw new CliError('LEASEHOLD_REQUIRE_LANES=1 and tests were skipped');
}

async function runJest(
  lanes: readonly Lane[],
  jestArguments: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly tally: Tally; readonly clean: boolean; readonly slowest: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-test-'));
  const output = join(folder, 'report.json');
  const areSets = lanes.every(isOfSets);
  try {
    const child = spawn(
      process.execPath,
      [
        join(REPOSITORY, 'node_modules/jest/bin/jest.js'),
        ...['--selectProjects', ...lanes, '--passWithNoTests', '--json', `--outputFile=${output}`],
        `--maxWorkers=${areSets ? SETS_AT_A_TIME : WORKERS}`,
        ...jestArguments,
      ],
      {
        cwd: REPOSITORY,
        // Processes that a set of them consists of inherit this, and are to be as they are elsewhere.
        env: {
          ...env,
          NODE_OPTIONS: nodeOptions(env['NODE_OPTIONS'], areSets ? [] : [`--max-semi-space-size=${YOUNG_MIB}`]),
        },
        // With --json Jest prints its report on stdout too; people read stderr.
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const passOn = (signal: NodeJS.Signals) => child.kill(signal);
    process.on('SIGTERM', passOn).on('SIGINT', ignore);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    process.off('SIGTERM', passOn).off('SIGINT', ignore);
    const json = await readFile(output, 'utf8').catch(() => undefined);
    if (json === undefined) throw new CliError(`Jest ended without a report (exit code ${code})`);
    return { tally: readTally(json), clean: code === 0, slowest: slowestFiles(json, REPOSITORY, SLOWEST) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isOfSets(lane: Lane): boolean {
  return LANES_OF_SETS.includes(lane);
}

/** Ctrl-C reaches Jest by itself; we wait for its end. */
function ignore(): void {}

function nodeOptions(given: string | undefined, more: readonly string[]): string {
  const own = ['--disable-warning=ExperimentalWarning', ...more].join(' ');
  return given === undefined || given === '' ? own : `${given} ${own}`;
}
