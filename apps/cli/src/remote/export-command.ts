import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { fromBase64Url } from '@leasehold/foundation';

import { CliError } from '../cli-error.js';
import { Checkpoint } from '../transfer/checkpoint.js';
import { ExportFile } from '../transfer/export-file.js';
import { grouped, ProgressReport } from '../transfer/progress.js';
import type { ExportPosition } from '../transfer/run-export.js';
import { runExport } from '../transfer/run-export.js';
import type { Destination } from './import-command.js';
import { knownStats } from './known-stats.js';
import type { Output } from './output.js';
import { pointInTime } from './values.js';

export interface ExportOptions {
  readonly out: string;
  readonly prefix?: string;
  readonly at?: string;
  readonly restart: boolean;
}

const PAGE_ENTRIES = 1_000;
const nowMs = (): number => Date.now();

/** Writes one state of a database as JSON lines; into a file, one that was cut off goes on with the same state. */
export async function exportCommand(
  { database, databaseId, url }: Destination,
  { out, prefix, at, restart }: ExportOptions,
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<void> {
  const toFile = out !== '-';
  const about = ['export', url, databaseId, resolve(out), prefix ?? '', at ?? ''];
  const checkpoint = toFile ? Checkpoint.of(about, env, nowMs) : undefined;
  if (restart) checkpoint?.remove();
  const left = positionOf(checkpoint?.read());
  const resumed = left && ExportFile.resume(out, left);
  const position = resumed && left;
  if (toFile && resumed === undefined && !restart && existsSync(out)) {
    throw new CliError(`${out} is there already; --restart writes it anew`);
  }
  if (position) output.say(`goes on behind ${grouped(position.bytes)} bytes; --restart begins anew`);
  const range = { prefix: prefix === undefined || prefix === '' ? undefined : prefix };
  const version =
    position?.version ??
    (await database.page({ ...range, limit: 1, at: at === undefined ? undefined : pointInTime(at) })).version;
  const known = await knownStats(database);
  if (known === undefined && range.prefix === undefined) output.say('the key is confined: what it may see is exported');
  const last = position && fromBase64Url(position.lastKey64);
  const entries = database.list({
    ...range,
    start: last && Buffer.concat([last, Buffer.of(0)]),
    at: version,
    pageSize: PAGE_ENTRIES,
  });
  const file = toFile ? (resumed ?? ExportFile.create(out, { replace: restart })) : undefined;
  const progress = new ProgressReport(output.say, nowMs);
  const isPart = range.prefix !== undefined || position !== undefined;
  const report = await runExport({
    entries,
    version,
    output: file?.stream ?? process.stdout,
    from: position?.bytes ?? 0,
    total: isPart ? undefined : known?.keys,
    resumable: checkpoint && file && { checkpoint, mark: (bytes) => file.mark(bytes) },
    progress,
  });
  await file?.close();
  checkpoint?.remove();
  if (output.json && toFile) return output.line(JSON.stringify(report));
  output.say(`${grouped(report.entries)} entries of version ${version} in ${report.seconds.toFixed(1)} s`);
}

function positionOf(state: unknown): ExportPosition | undefined {
  const { version, lastKey64, bytes, inode, tailHash } = (state ?? {}) as Partial<ExportPosition>;
  if (typeof version !== 'string' || typeof lastKey64 !== 'string' || typeof tailHash !== 'string') return undefined;
  if (typeof bytes !== 'number' || typeof inode !== 'number') return undefined;
  return { version, lastKey64, bytes, inode, tailHash };
}
