import { createWriteStream, existsSync, statSync, truncateSync } from 'node:fs';
import type { Writable } from 'node:stream';

import { fromBase64Url } from '@leasehold/foundation';

import { CliError } from '../cli-error.js';
import { Checkpoint } from '../transfer/checkpoint.js';
import { grouped, ProgressReport } from '../transfer/progress.js';
import type { ExportPosition } from '../transfer/run-export.js';
import { runExport } from '../transfer/run-export.js';
import type { Destination } from './import-command.js';
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
  const about = ['export', url, databaseId, out, prefix ?? '', at ?? ''];
  const checkpoint = toFile ? Checkpoint.of(about, env, nowMs) : undefined;
  if (restart) checkpoint?.remove();
  const position = positionOf(checkpoint?.read(), out);
  if (toFile && position === undefined && !restart && existsSync(out)) {
    throw new CliError(`${out} is there already; --restart writes it anew`);
  }
  if (position) output.say(`goes on behind ${grouped(position.bytes)} bytes; --restart begins anew`);
  const range = { prefix: prefix === undefined || prefix === '' ? undefined : prefix };
  const version =
    position?.version ??
    (await database.page({ ...range, limit: 1, at: at === undefined ? undefined : pointInTime(at) })).version;
  const { keys: total } = await database.stats();
  const last = position && fromBase64Url(position.lastKey64);
  const entries = database.list({
    ...range,
    start: last && Buffer.concat([last, Buffer.of(0)]),
    at: version,
    pageSize: PAGE_ENTRIES,
  });
  const file = toFile ? openFile(out, position) : process.stdout;
  const progress = new ProgressReport(output.say, nowMs);
  const isPart = range.prefix !== undefined || position !== undefined;
  const report = await runExport({
    entries,
    version,
    output: file,
    from: position?.bytes ?? 0,
    total: isPart ? undefined : total,
    checkpoint,
    progress,
  });
  if (toFile) await closed(file);
  checkpoint?.remove();
  if (output.json && toFile) return output.line(JSON.stringify(report));
  output.say(`${grouped(report.entries)} entries of version ${version} in ${report.seconds.toFixed(1)} s`);
}

/** Where it was left, if its file is still there with at least that much in it. */
function positionOf(state: unknown, out: string): ExportPosition | undefined {
  const { version, lastKey64, bytes } = (state ?? {}) as Partial<ExportPosition>;
  if (typeof version !== 'string' || typeof lastKey64 !== 'string' || typeof bytes !== 'number') return undefined;
  const there = existsSync(out) ? statSync(out).size : 0;
  return there >= bytes ? { version, lastKey64, bytes } : undefined;
}

function openFile(path: string, position: ExportPosition | undefined): Writable {
  if (position === undefined) return createWriteStream(path, { mode: 0o600 });
  // What came after the last checkpoint is written again.
  truncateSync(path, position.bytes);
  return createWriteStream(path, { flags: 'r+', start: position.bytes });
}

function closed(file: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    file.once('error', reject);
    file.end(resolve);
  });
}
