import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { ChaosOptions } from './chaos/chaos.js';
import { CliError, explainFileError } from './cli-error.js';
import { addRemoteCommands } from './remote/commands.js';
import { REPOSITORY } from './repository.js';
import type { SimulateOptions } from './simulate/simulate.js';
import type { OpenBucket } from './scrub/open-bucket.js';
import type { StoreSettings } from './probe/store-settings.js';
import { openTerminal } from './terminal.js';
import { isLane, LANES, type Lane } from './tests/lanes.js';
import { GATEWAYS_MAX, LAST_PORT, folderName, wholeNumber, WORKERS_MAX, type UpOptions } from './up/up-options.js';

/** The largest database that is promised. */
const BENCH_DATABASE_MIB_MAX = 10_240;
const BENCH_TENANTS_MAX = 1_000_000;
/** Load, proxies and checks run in one process. */
const CHAOS_RATE_MAX = 2_000;

/** Ten years. */
const GRACE_MAX_SECONDS = 315_360_000;

const terminal = openTerminal();
const program = new Command('leasehold')
  .description('Leasehold: a database per tenant, on object storage.')
  .configureOutput({ outputError: (text) => terminal.say(text.trimEnd().replace(/^error: /, '')) });

// Each command is loaded when it is run: the others' packages cost a start nothing.
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
    await up(options, terminal, process.env);
  });

program
  .command('test')
  .description('run the tests; further arguments go to Jest')
  .option('--lane <lane>', `only this lane: ${LANES.join(', ')} (repeatable)`, collectLanes, [])
  .argument('[jest...]')
  .allowUnknownOption()
  .action(async (jestArguments: readonly string[], options: { readonly lane: readonly Lane[] }) => {
    const { runTests } = await import('./tests/run-tests.js');
    await runTests({ lanes: options.lane, jestArguments }, terminal, process.env);
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
    await chaos(options, terminal, process.env);
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

bucketCommand(
  'scrub',
  'read a whole bucket, running or not, and check that everything that is referenced is there and whole',
)
  .option('--grace <seconds>', 'count younger unreferenced objects apart', wholeNumber(0, GRACE_MAX_SECONDS), 0)
  .option('--verbose', 'name unreferenced objects too', false)
  .option('--json', 'print the report as one line of JSON', false)
  .action(async (flags: BucketFlags & { grace: number; verbose: boolean; json: boolean }) => {
    const { scrub } = await import('./scrub/scrub.js');
    const bucket = await bucketOf(flags);
    const { json, verbose, grace: graceSeconds } = flags;
    await scrub(bucket, { json, verbose, graceSeconds }, terminal);
  });

program
  .command('probe')
  .description(
    'check that a bucket honours the conditions that Leasehold stands on (keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY)',
  )
  .option('--endpoint <url>', 'of the S3 server (S3_ENDPOINT)')
  .option('--bucket <name>', 'an existing bucket (S3_BUCKET)')
  .option('--region <name>', 'S3_REGION')
  .option('--create', 'make the bucket first if it is missing', false)
  .option('--path-style <boolean>', 'bucket in the path, not in the host name (S3_FORCE_PATH_STYLE)')
  .action(async (flags: StoreFlags & { create: boolean }) => {
    const { probe } = await import('./probe/probe.js');
    await probe(await storeSettingsOf(flags), terminal, { create: flags.create });
  });

const suspended = bucketCommand('suspended', 'print the tenants that are suspended, as lines of JSON');
suspended.action(async (flags: BucketFlags) => {
  const { listSuspended } = await import('./suspend/suspend.js');
  await listSuspended(await bucketOf(flags), terminal);
});

const suspend = bucketCommand('suspend', 'suspend a tenant, also without control plane and Postgres');
suspend
  .argument('<tenant>', 'its id')
  .requiredOption('--reason <text>', 'for operators')
  .action(async (tenant: string, flags: BucketFlags & { reason: string }) => {
    const { suspend } = await import('./suspend/suspend.js');
    await suspend(await bucketOf(flags), tenant, flags.reason, terminal);
  });

const resume = bucketCommand('resume', 'take back the suspension of a tenant');
resume.argument('<tenant>', 'its id').action(async (tenant: string, flags: BucketFlags) => {
  const { resume } = await import('./suspend/suspend.js');
  await resume(await bucketOf(flags), tenant, terminal);
});

addRemoteCommands(program, process.env);

interface StoreFlags {
  readonly endpoint?: string;
  readonly bucket?: string;
  readonly region?: string;
  readonly pathStyle?: string;
}

interface BucketFlags extends StoreFlags {
  readonly data?: string;
}

function bucketCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--endpoint <url>', 'of the S3 server (S3_ENDPOINT)')
    .option('--bucket <name>', 'S3_BUCKET')
    .option('--region <name>', 'S3_REGION')
    .option('--path-style <boolean>', 'bucket in the path, not in the host name (S3_FORCE_PATH_STYLE)')
    .option('--data <folder>', 'the bucket of an up with this folder instead, whether it runs or not', folderName);
}

async function bucketOf(flags: BucketFlags): Promise<OpenBucket> {
  const { openDataBucket, openS3Bucket } = await import('./scrub/open-bucket.js');
  const named = [flags.endpoint, flags.bucket, flags.region, flags.pathStyle].some((flag) => flag !== undefined);
  if (flags.data !== undefined && named) throw new CliError('give --data, or flags of an S3 server, not both');
  return flags.data === undefined ? openS3Bucket(await storeSettingsOf(flags)) : openDataBucket(flags.data);
}

/** Flags before variables. */
async function storeSettingsOf(flags: StoreFlags): Promise<StoreSettings> {
  const { readStoreSettings } = await import('./probe/store-settings.js');
  return readStoreSettings({
    ...process.env,
    ...(flags.endpoint === undefined ? {} : { S3_ENDPOINT: flags.endpoint }),
    ...(flags.bucket === undefined ? {} : { S3_BUCKET: flags.bucket }),
    ...(flags.region === undefined ? {} : { S3_REGION: flags.region }),
    ...(flags.pathStyle === undefined ? {} : { S3_FORCE_PATH_STYLE: flags.pathStyle }),
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

/** One sentence for what a person can mend; a stack only for what is our own mistake. */
function explain(error: unknown): string {
  if (error instanceof CliError) return error.message;
  return explainFileError(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  terminal.say(explain(error));
  process.exit(error instanceof CliError ? error.exitCode : 1);
}
