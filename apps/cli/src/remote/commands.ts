import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

import { wholeNumber } from '../up/up-options.js';
import type { InvoiceOptions } from './invoices.js';
import type { BudgetsOptions } from './budgets.js';
import type { MetricsOptions } from './metrics.js';
import type { UsageOptions } from './usage.js';
import type { DatabaseCommandOptions } from './databases-command.js';
import type { ExportOptions } from './export-command.js';
import type { ImportOptions } from './import-command.js';
import { KEY_NOTATIONS } from './key-notation.js';
import type { ListOptions } from './list.js';
import type { LoginOptions } from './login.js';
import { openOutput } from './output.js';
import type { Output } from './output.js';
import type { TailOptions } from './tail.js';
import type { DeleteOptions, KeyOptions, PutOptions } from './values.js';

const MAX_TTL_SECONDS = 315_360_000;
const MAX_OVERLAP_SECONDS = 7 * 24 * 60 * 60;
const MAX_REDIS_DATABASE = 1_000_000;
const IMPORT_FORMATS = ['jsonl', 'redis', 'sqlite'];

interface Json {
  readonly json: boolean;
}

/** The commands that speak to a service, here or elsewhere, with an API key. Each is loaded when it is run. */
export function addRemoteCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const command = (spec: string, about: string): Command =>
    program.command(spec).description(about).option('--json', 'print results as JSON, one a line', false);
  const keyed = (spec: string, about: string): Command => command(spec, about).addOption(keysOption());

  command('login', 'keep an API key for the commands below; it is asked for, or read from what is piped in')
    .option('--url <url>', 'of a gateway; LEASEHOLD_URL without it, or the one that runs here')
    .option('--control-url <url>', 'of the control plane; one port above the gateway where that runs here')
    .action((options: LoginOptions & Json) =>
      run(options, async (output) => (await import('./login.js')).login(options, env, output)),
    );
  command('logout', 'forget the API key').action(async (options: Json) =>
    run(options, async () => (await import('./login-file.js')).removeLogin(env)),
  );

  command('databases [name]', 'list databases, or show one')
    .option('--create', 'make it', false)
    .option('--set <json>', 'options of the one that is made, or changed, such as {"labels":{"tier":"gold"}}')
    .option('--delete', 'delete it; it can be had back for a week, or as it was set', false)
    .option('--undelete <id>', 'have this one back, as [name] where it is given')
    .option('--search <text>', 'only names that begin so')
    .option('--label <key:value>', 'only those with this label')
    .option('--deleted', 'those that can be had back', false)
    .action((name: string | undefined, options: Json & DatabaseCommandOptions) =>
      run(options, async (output) => (await import('./databases-command.js')).databases(name, options, env, output)),
    );
  command('keys', 'list API keys')
    .option('--create <name>', 'make one; it is shown once')
    .option('--scopes <scopes>', 'of the new one, separated by commas', commaSeparated)
    .option(
      '--databases <patterns>',
      'of the new one, separated by commas, such as customer-*; all without it',
      commaSeparated,
    )
    .option('--prefix <text>', 'only keys that begin so; all without it')
    .option('--expires-at <time>', 'when the new one ends, such as 2030-01-31T00:00:00Z')
    .option('--rotate <id>', 'another secret for this one; it is shown once')
    .option(
      '--overlap <seconds>',
      'how long the secret before works on; a day without it',
      wholeNumber(0, MAX_OVERLAP_SECONDS),
    )
    .option('--end-previous <id>', 'end the secret before early')
    .option('--revoke <id>', 'end one; gateways refuse it within two seconds')
    .action((options: Json & { readonly create?: string }) =>
      run(options, async (output) => (await import('./account.js')).apiKeys(options, env, output)),
    );

  command('usage', 'what was used: this month, by days')
    .option('--from <time>', 'a whole hour in UTC, such as 2030-01-31T00:00Z')
    .option('--to <time>', 'the same; not in it')
    .addOption(new Option('--step <step>', 'of the calendar in UTC').choices(['hour', 'day', 'month']))
    .option('--group <what>', 'a line for each: database, key, or a label as label:name')
    .option('--database <name>', 'only of this one')
    .action((options: Json & UsageOptions) =>
      run(options, async (output) => (await import('./usage.js')).usage(options, env, output)),
    );

  command('metrics <database>', 'how many requests it has, and how long they take: the last hour, by minutes')
    .option('--from <time>', 'a whole minute in UTC, by hour and day a whole hour, such as 2030-01-31T00:00Z')
    .option('--to <time>', 'the same; not in it')
    .addOption(new Option('--step <step>', 'of the calendar in UTC').choices(['minute', 'hour', 'day']))
    .action((database: string, options: Json & MetricsOptions) =>
      run(options, async (output) => (await import('./metrics.js')).metrics(database, options, env, output)),
    );

  command('invoices [id]', 'what was billed; of one, or of a month such as 2026-11, its lines')
    .option('--pdf <file>', 'write it there as a PDF')
    .action((id: string | undefined, options: Json & InvoiceOptions) =>
      run(options, async (output) => (await import('./invoices.js')).invoices(id, options, env, output)),
    );

  command('budgets', 'what is to be used in a month at most, and how far it is')
    .option('--organization', 'only of the organization as a whole', false)
    .option('--database <name>', 'only of this database')
    .option('--key <id>', 'only of this API key')
    .option('--set <limit>', 'give it this one: "1000000 units", or "5000 USD" in cents')
    .option('--alerts <percents>', 'of the new one, separated by commas; 50,80,100 without it', commaSeparated)
    .option('--hard-stop', 'of the new one: nothing more is written once it is used up', false)
    .option('--delete', 'take it away', false)
    .action((options: Json & BudgetsOptions) =>
      run(options, async (output) => (await import('./budgets.js')).budgets(options, env, output)),
    );

  keyed('get <database> <key>', 'print a value as it is')
    .option('--at <version or time>', 'as it was then')
    .action((database: string, key: string, options: KeyOptions & Json & { readonly at?: string }) =>
      run(options, async (output) => (await import('./values.js')).get(await open(database), key, options, output)),
    );
  keyed('put <database> <key> [value]', 'write a value: the argument, a file, or what is piped in')
    .option('--file <path>', 'what to write')
    .option('--ttl <seconds>', 'how long it lives', wholeNumber(1, MAX_TTL_SECONDS))
    .option('--if-version <version>', 'only over this version')
    .option('--if-absent', 'only if there is no such key')
    .option('--if-exists', 'only if there is one')
    .action((database: string, key: string, value: string | undefined, options: PutOptions & Json) =>
      run(options, async (output) =>
        (await import('./values.js')).put(await open(database), key, value, options, output),
      ),
    );
  keyed('delete <database> [key]', 'delete a key, or all that begin with a prefix')
    .option('--prefix <prefix>', 'what the keys begin with')
    .option('--if-version <version>', 'only this version')
    .option('--if-exists', 'only if it exists')
    .action((database: string, key: string | undefined, options: DeleteOptions & Json) =>
      run(options, async (output) => (await import('./values.js')).remove(await open(database), key, options, output)),
    );
  keyed('list <database>', 'print keys and values in the order of keys')
    .option('--prefix <prefix>', 'only keys that begin with it')
    .option('--start <key>', 'from this key on')
    .option('--end <key>', 'before this key')
    .option('--reverse', 'from the last to the first', false)
    .option('--limit <count>', 'how many; all without it', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--at <version or time>', 'as it was then')
    .action((database: string, options: ListOptions & Json) =>
      run(options, async (output) => (await import('./list.js')).list(await open(database), options, output)),
    );
  keyed('tail <database>', 'print what is written, as it is written')
    .option('--prefix <prefix>', 'only keys that begin with it')
    .option('--since <version>', 'everything after this version first')
    .action((database: string, options: TailOptions & Json) =>
      run(options, async (output) => (await import('./tail.js')).tail(await open(database), options, output)),
    );
  command('stats <database>', 'what is known of a database').action((database: string, options: Json) =>
    run(options, async (output) => (await import('./account.js')).stats(await open(database), output)),
  );

  command('import <database> <file>', 'write the entries of a file; one that was cut off goes on when asked again')
    .addOption(
      new Option('--format <format>', 'JSON lines, a dump of Redis, or a table of SQLite')
        .choices(IMPORT_FORMATS)
        .default('jsonl'),
    )
    .option('--redis-database <number>', 'of the dump', wholeNumber(0, MAX_REDIS_DATABASE), 0)
    .option('--table <name>', 'of SQLite')
    .option('--key-column <name>', 'of the table, repeatable; its primary key by default', collect)
    .option('--value-column <name>', 'of the table; the whole row as JSON by default')
    .option('--prefix <text>', 'before the keys of a table', '')
    .option('--restart', 'begin anew', false)
    .addHelpText(
      'after',
      '\nA line is {"key":"…","value":"…"}; also key64, value64 (base64url), json, expiresAt. "-" reads from stdin.',
    )
    .action((database: string, file: string, options: ImportOptions & Json) =>
      run(options, async (output) => {
        const { importCommand } = await import('./import-command.js');
        await importCommand(await destination(database), file, options, env, output);
      }),
    );
  command('export <database>', 'write one state of a database as JSON lines')
    .option('--out <file>', 'a new file; one that was cut off goes on when asked again', '-')
    .option('--prefix <text>', 'only keys that begin with it')
    .option('--at <version or time>', 'as it was then')
    .option('--restart', 'begin anew, over the file that is there', false)
    .action((database: string, options: ExportOptions & Json) =>
      run(options, async (output) => {
        const { exportCommand } = await import('./export-command.js');
        await exportCommand(await destination(database), options, env, output);
      }),
    );

  const open = async (database: string) => (await import('./open.js')).openDatabase(database, env);
  const destination = async (database: string) => (await import('./open.js')).openDestination(database, env);
}

async function run({ json }: Json, work: (output: Output) => Promise<void>): Promise<void> {
  try {
    await work(openOutput(json));
  } catch (error) {
    throw (await import('./explain-refusal.js')).explainRefusal(error);
  }
}

function keysOption(): Option {
  return new Option(
    '--keys <notation>',
    'how keys are written: as text, as base64url, or as the JSON arrays of the SDK',
  )
    .choices(KEY_NOTATIONS)
    .default('text');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function commaSeparated(text: string): readonly string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '')) return parts;
  throw new InvalidArgumentError('Names separated by commas are needed.');
}
