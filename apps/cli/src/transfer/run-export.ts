import type { Writable } from 'node:stream';

import { toBase64Url } from '@leasehold/foundation';
import { formatLine } from '@leasehold/protocol/json-lines';

import type { Checkpoint } from './checkpoint.js';
import type { FileMark } from './export-file.js';
import type { ProgressReport } from './progress.js';

export interface ExportedEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Where an export stands: so many bytes are written, of this state, up to this key. */
export interface ExportPosition extends FileMark {
  readonly version: string;
  readonly lastKey64: string;
}

export interface ExportContext {
  /** Entries behind `lastKey`, in order, all of one state. */
  readonly entries: AsyncIterable<ExportedEntry>;
  readonly version: string;
  readonly output: Writable;
  /** Bytes that are there already, when it goes on. */
  readonly from: number;
  /** Of keys, as far as it is known. */
  readonly total: number | undefined;
  /** Where a later run finds how far this one came; undefined where it could not go on. */
  readonly resumable: { readonly checkpoint: Checkpoint; readonly mark: (bytes: number) => FileMark } | undefined;
  readonly progress: ProgressReport;
}

export interface ExportReport {
  /** Written in this run. */
  readonly entries: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of the state that was exported. */
  readonly version: string;
}

/** Lines are gathered into writes of about this size. */
const CHUNK_BYTES = 256 * 1024;

/** Writes a state of a database as JSON lines, in the order of its keys. */
export async function runExport(context: ExportContext): Promise<ExportReport> {
  const { output, resumable, progress, version, total } = context;
  // Each write tells its own failure.
  output.on('error', () => undefined);
  let entries = 0;
  let bytes = context.from;
  let lines: string[] = [];
  let gatheredBytes = 0;
  const flush = async (lastKey: Uint8Array): Promise<void> => {
    const chunk = Buffer.from(lines.join(''));
    lines = [];
    gatheredBytes = 0;
    await write(output, chunk);
    bytes += chunk.byteLength;
    const written = bytes;
    resumable?.checkpoint.save(() => {
      return { version, lastKey64: toBase64Url(lastKey), ...resumable.mark(written) } satisfies ExportPosition;
    });
    progress.tell({ entries, share: total === undefined || total === 0 ? undefined : Math.min(1, entries / total) });
  };
  let last: Uint8Array | undefined;
  for await (const { key, value } of context.entries) {
    const line = `${formatLine(key, value)}\n`;
    lines.push(line);
    gatheredBytes += line.length;
    entries++;
    last = key;
    if (gatheredBytes >= CHUNK_BYTES) await flush(key);
  }
  if (last !== undefined) await flush(last);
  return { entries, bytes: bytes - context.from, seconds: progress.seconds, version };
}

/** Resolves when the bytes are out of our hands, so that a checkpoint never counts what is in a buffer of this process. */
function write(output: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
