import { randomUUID } from 'node:crypto';

import type { ByteDatabase } from '@leasehold/client';

import { CliError } from '../cli-error.js';
import type { Batch } from '../transfer/batches.js';
import { Checkpoint } from '../transfer/checkpoint.js';
import type { ImportSource } from '../transfer/import-source.js';
import { JsonLinesSource } from '../transfer/json-lines-source.js';
import { grouped, ProgressReport } from '../transfer/progress.js';
import { runImport, startOf } from '../transfer/run-import.js';
import type { Output } from './output.js';

export const IMPORT_FORMATS = ['jsonl', 'redis', 'sqlite'] as const;

export interface ImportOptions {
  readonly format: (typeof IMPORT_FORMATS)[number];
  readonly table?: string;
  readonly keyColumn?: readonly string[];
  readonly valueColumn?: string;
  readonly prefix: string;
  readonly redisDatabase: number;
  readonly restart: boolean;
}

export interface Destination {
  readonly database: ByteDatabase;
  /** Which one it is, whatever it is called later; its name where the key may not know. */
  readonly databaseId: string;
  readonly url: string;
}

const nowMs = (): number => Date.now();

/** Writes the entries of a file; one that was cut off goes on when the same command is given again. */
export async function importCommand(
  { database, databaseId, url }: Destination,
  file: string,
  options: ImportOptions,
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<void> {
  const source = await openSource(file, options);
  try {
    const { fingerprint } = source;
    const checkpoint =
      fingerprint === undefined ? undefined : Checkpoint.of(['import', url, databaseId, fingerprint], env, nowMs);
    if (options.restart) checkpoint?.remove();
    const progress = new ProgressReport(output.say, nowMs);
    const commit = async ({ entries }: Batch, idempotencyKey: string): Promise<void> => {
      const ops = entries.map(({ key, value, expiresAt }) => {
        return { op: 'put', key, value, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) } as const;
      });
      await database.commit({ ops }, { idempotencyKey });
    };
    const start = startOf(checkpoint);
    if (start) output.say(`goes on behind ${grouped(start.position)} ${source.unit}; --restart begins anew`);
    const report = await runImport({ source, commit, checkpoint, progress, newId: randomUUID, nowMs });
    if (output.json) return await output.line(JSON.stringify(report));
    output.say(`${grouped(report.entries)} entries written in ${report.seconds.toFixed(1)} s`);
    for (const [kind, count] of Object.entries(report.skipped))
      output.say(`passed over: ${kind}, ${grouped(count)} of them`);
  } finally {
    source.close();
  }
}

/** Each is loaded when it is needed. */
async function openSource(file: string, options: ImportOptions): Promise<ImportSource> {
  const { format, table, prefix } = options;
  if (format !== 'sqlite' && (table ?? options.keyColumn ?? options.valueColumn) !== undefined) {
    throw new CliError('--table, --key-column and --value-column belong to --format sqlite');
  }
  if (format !== 'sqlite' && prefix !== '') throw new CliError('--prefix belongs to --format sqlite');
  if (file === '-' && format !== 'jsonl') throw new CliError(`a ${format} file cannot be piped in`);
  if (format === 'jsonl') return file === '-' ? JsonLinesSource.ofStream(process.stdin) : JsonLinesSource.ofFile(file);
  if (format === 'redis') {
    const { RedisDumpSource } = await import('../transfer/redis/redis-dump-source.js');
    return new RedisDumpSource(file, options.redisDatabase, nowMs);
  }
  if (table === undefined) throw new CliError('--table is needed: which one is to be read');
  const { SqliteTableSource } = await import('../transfer/sqlite-table-source.js');
  return new SqliteTableSource({
    path: file,
    table,
    keyColumns: options.keyColumn,
    valueColumn: options.valueColumn,
    prefix,
  });
}
