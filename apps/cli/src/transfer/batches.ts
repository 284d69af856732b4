import { CliError } from '../cli-error.js';
import type { ImportEntry } from './import-source.js';

/** One commit, and where the source goes on behind it. From that place on the same entries are cut in the same way. */
export interface Batch {
  readonly entries: readonly ImportEntry[];
  readonly sizeBytes: number;
  readonly nextPosition: number;
}

export interface BatchSettings {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** The bounds of the HTTP API. */
const MAX_KEY_BYTES = 2_048;
const MAX_VALUE_BYTES = 512 * 1024;

/**
 * Cuts entries into commits. Of a key that comes twice in one batch the last one is what is written.
 * @throws CliError at an entry that no database takes
 */
export async function* batchesOf(
  entries: AsyncIterable<ImportEntry> | Iterable<ImportEntry>,
  { maxEntries, maxBytes }: BatchSettings,
): AsyncIterable<Batch> {
  let batch: ImportEntry[] = [];
  let sizeBytes = 0;
  let number = 0;
  const take = (): Batch => {
    const taken = { entries: batch, sizeBytes, nextPosition: (batch.at(-1) as ImportEntry).nextPosition };
    batch = [];
    sizeBytes = 0;
    return taken;
  };
  for await (const entry of entries) {
    number++;
    const entryBytes = sizeOf(entry, number);
    if (batch.length > 0 && (batch.length === maxEntries || sizeBytes + entryBytes > maxBytes)) yield take();
    batch.push(entry);
    sizeBytes += entryBytes;
  }
  if (batch.length > 0) yield take();
}

function sizeOf({ key, value }: ImportEntry, number: number): number {
  if (key.byteLength === 0 || key.byteLength > MAX_KEY_BYTES) {
    throw new CliError(`entry ${number} has a key of ${key.byteLength} bytes; 1 to ${MAX_KEY_BYTES} are possible`);
  }
  if (value.byteLength > MAX_VALUE_BYTES) {
    throw new CliError(
      `entry ${number} has a value of ${value.byteLength} bytes; up to ${MAX_VALUE_BYTES} are possible`,
    );
  }
  return key.byteLength + value.byteLength;
}
