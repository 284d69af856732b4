import { join } from 'node:path';

import { InvalidArgumentError, type Command } from 'commander';

import type { ChaosOptions } from './chaos/chaos.js';
import { REPOSITORY } from './repository.js';
import type { SimulateOptions } from './simulate/simulate.js';
import type { Terminal } from './terminal.js';
import { isLane, LANES, type Lane } from './tests/lanes.js';
import { folderName, GATEWAYS_MAX, LAST_PORT, wholeNumber, WORKERS_MAX, type UpOptions } from './up/up-options.js';

/** The largest database that is promised. */
const BENCH_DATABASE_MIB_MAX = 10_240;
const BENCH_TENANTS_MAX = 1_000_000;
/** Load, proxies and checks run in one process. */
const CHAOS_RATE_MAX = 2_000;

/** The commands that start, test and measure what this checkout holds. Each is loaded when it is run: the others' packages cost a start nothing. */
export function addCheckoutCommands(program: Command, terminal: Terminal, env: NodeJS.ProcessEnv): void {
  program
    .command('up')
    .description('start everything here: bucket, Postgres, gateway, control plane, workers, compactor')
    .option('--port <port>', 'gateway here, control plane and console one above', wholeNumber(1, LAST_PORT), 4000)
    .option('--data <folder>', 'where everything is kept', folderName, join(REPOSITORY, '.leasehold', 'data'))
    .option('--workers <count>', 'processes that hold databases', wholeNumber(1, WORKERS_MAX), 2)
    .option(
      '--gateways <count>',
      'processes that take requests; further ones on free ports',
      wholeNumber(1, GATEWAYS_MAX),
      1,
    )
    .option('--json', 'print one line of JSON once ready', false)
    .addHelpText(
      'after',
      '\nS3_ENDPOINT and S3_BUCKET, DATABASE_URL and REDIS_URL each switch one part to one that runs elsewhere.',
    )
    .action(async (options: UpOptions) => {
      const { up } = await import('./up/up.js');
      await up(options, terminal, env);
    });

  program
    .command('test')
    .description('run the tests; further arguments go to Jest')
    .option('--lane <lane>', `only this lane: ${LANES.join(', ')} (repeatable)`, collectLanes, [])
    .argument('[jest...]')
    .allowUnknownOption()
    .action(async (jestArguments: readonly string[], options: { readonly lane: readonly Lane[] }) => {
      const { runTests } = await import('./tests/run-tests.js');
      await runTests({ lanes: options.lane, jestArguments }, terminal, env);
    });

  program
    .command('bench')
    .description('run benchmarks, all of them without a name; a wrong name lists those there are')
    .argument('[name]')
    .option('--json', 'print each result as one line of JSON', false)
    .option('--quick', 'small sizes: seconds instead of minutes, and figures that show little', false)
    .option('--size <MiB>', 'of the database whose compaction is watched', wholeNumber(1, BENCH_DATABASE_MIB_MAX))
    .option('--tenants <count>', 'whose month is billed', wholeNumber(4, BENCH_TENANTS_MAX))
    .option('--write-docs', 'write what was measured into docs/benchmarks.md', false)
    .action(
      async (
        name: string | undefined,
        options: {
          readonly json: boolean;
          readonly quick: boolean;
          readonly size?: number;
          readonly tenants?: number;
          readonly writeDocs: boolean;
        },
      ) => {
        const [{ bench }, { existsSync }, { readFile, writeFile }] = await Promise.all([
          import('./bench/bench.js'),
          import('node:fs'),
          import('node:fs/promises'),
        ]);
        const docs = options.writeDocs ? join(REPOSITORY, 'docs', 'benchmarks.md') : undefined;
        const output = {
          print: (text: string) => void process.stdout.write(`${text}\n`),
          say: (text: string) => terminal.say(text),
          read: async (path: string) => (existsSync(path) ? await readFile(path, 'utf8') : ''),
          write: (path: string, text: string) => writeFile(path, text),
        };
        await bench(name, { ...options, docs }, output);
      },
    );

  program
    .command('chaos')
    .description('break a running Leasehold in every way and check that nothing acknowledged is lost')
    .option('--minutes <count>', 'of load; starting and reading back come on top', minutes, 10)
    .option('--seed <number>', 'draws the plan of faults and the load', wholeNumber(0, 999_999_999), 1)
    .option('--rate <count>', 'requests per second', wholeNumber(1, CHAOS_RATE_MAX), 200)
    .option('--faults <names>', 'only these, separated by commas', (text: string) => text.split(','), [])
    .option('--json', 'print the report as one line of JSON', false)
    .action(async (options: ChaosOptions) => {
      const { chaos } = await import('./chaos/chaos.js');
      await chaos(options, terminal, env);
    });

  program
    .command('simulate')
    .description('run the real code in a virtual world under many seeds, and judge what clients were told')
    .option('--seeds <count>', 'how many', wholeNumber(1, 1_000_000), 100)
    .option('--from <seed>', 'the first one', wholeNumber(1, 1_000_000_000), 1)
    .option('--threads <count>', 'seeds at the same time', wholeNumber(1, 64), 2)
    .option('--intensity <factor>', 'faults are so many times as frequent', wholeNumber(1, 10), 1)
    .option('--teeth', 'also run every broken variant until a judge catches it; takes minutes', false)
    .option('--json', 'print the result as one line of JSON', false)
    .action(async (options: SimulateOptions) => {
      const { simulate } = await import('./simulate/simulate.js');
      await simulate(options, {
        print: (text) => void process.stdout.write(`${text}\n`),
        say: (text) => terminal.say(text),
      });
    });
}

function minutes(text: string): number {
  const value = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError('A number of minutes above 0 is needed.');
}

function collectLanes(name: string, before: readonly Lane[]): readonly Lane[] {
  if (isLane(name)) return [...before, name];
  throw new InvalidArgumentError(`Lanes are ${LANES.join(', ')}.`);
}
