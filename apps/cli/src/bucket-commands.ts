import type { Command } from 'commander';

import { CliError } from './cli-error.js';
import type { StoreSettings } from './probe/store-settings.js';
import type { OpenBucket } from './scrub/open-bucket.js';
import type { Terminal } from './terminal.js';
import { folderName, wholeNumber } from './up/up-options.js';

/** Ten years. */
const GRACE_MAX_SECONDS = 315_360_000;

interface StoreFlags {
  readonly endpoint?: string;
  readonly bucket?: string;
  readonly region?: string;
  readonly pathStyle?: string;
}

interface BucketFlags extends StoreFlags {
  readonly data?: string;
}

/** The commands that work on a bucket itself, whatever of Leasehold runs. Each is loaded when it is run. */
export function addBucketCommands(program: Command, terminal: Terminal, env: NodeJS.ProcessEnv): void {
  bucketCommand(
    program,
    'scrub',
    'read a whole bucket, running or not, and check that everything that is referenced is there and whole',
  )
    .option('--grace <seconds>', 'count younger unreferenced objects apart', wholeNumber(0, GRACE_MAX_SECONDS), 0)
    .option('--verbose', 'name unreferenced objects too', false)
    .option('--json', 'print the report as one line of JSON', false)
    .action(async (flags: BucketFlags & { grace: number; verbose: boolean; json: boolean }) => {
      const { scrub } = await import('./scrub/scrub.js');
      const bucket = await bucketOf(flags, env);
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
      await probe(await storeSettingsOf(flags, env), terminal, { create: flags.create });
    });

  const suspended = bucketCommand(program, 'suspended', 'print the tenants that are suspended, as lines of JSON');
  suspended.action(async (flags: BucketFlags) => {
    const { listSuspended } = await import('./suspend/suspend.js');
    await listSuspended(await bucketOf(flags, env), terminal);
  });

  const suspend = bucketCommand(program, 'suspend', 'suspend a tenant, also without control plane and Postgres');
  suspend
    .argument('<tenant>', 'its id')
    .requiredOption('--reason <text>', 'for operators')
    .action(async (tenant: string, flags: BucketFlags & { reason: string }) => {
      const { suspend } = await import('./suspend/suspend.js');
      await suspend(await bucketOf(flags, env), tenant, flags.reason, terminal);
    });

  const resume = bucketCommand(program, 'resume', 'take back the suspension of a tenant');
  resume.argument('<tenant>', 'its id').action(async (tenant: string, flags: BucketFlags) => {
    const { resume } = await import('./suspend/suspend.js');
    await resume(await bucketOf(flags, env), tenant, terminal);
  });
}

function bucketCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--endpoint <url>', 'of the S3 server (S3_ENDPOINT)')
    .option('--bucket <name>', 'S3_BUCKET')
    .option('--region <name>', 'S3_REGION')
    .option('--path-style <boolean>', 'bucket in the path, not in the host name (S3_FORCE_PATH_STYLE)')
    .option('--data <folder>', 'the bucket of an up with this folder instead, whether it runs or not', folderName);
}

async function bucketOf(flags: BucketFlags, env: NodeJS.ProcessEnv): Promise<OpenBucket> {
  const { openDataBucket, openS3Bucket } = await import('./scrub/open-bucket.js');
  const named = [flags.endpoint, flags.bucket, flags.region, flags.pathStyle].some((flag) => flag !== undefined);
  if (flags.data !== undefined && named) throw new CliError('give --data, or flags of an S3 server, not both');
  return flags.data === undefined ? openS3Bucket(await storeSettingsOf(flags, env)) : openDataBucket(flags.data);
}

/** Flags before variables. */
async function storeSettingsOf(flags: StoreFlags, env: NodeJS.ProcessEnv): Promise<StoreSettings> {
  const { readStoreSettings } = await import('./probe/store-settings.js');
  return readStoreSettings({
    ...env,
    ...(flags.endpoint === undefined ? {} : { S3_ENDPOINT: flags.endpoint }),
    ...(flags.bucket === undefined ? {} : { S3_BUCKET: flags.bucket }),
    ...(flags.region === undefined ? {} : { S3_REGION: flags.region }),
    ...(flags.pathStyle === undefined ? {} : { S3_FORCE_PATH_STYLE: flags.pathStyle }),
  });
}
