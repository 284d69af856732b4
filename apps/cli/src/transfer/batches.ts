import { sizeOfEntry } from '@leasehold/protocol/json-lines';

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

function sizeOf(entry: ImportEntry, number: number): number {
  try {
    return sizeOfEntry(entry);
  } catch (error) {
    throw new CliError(`entry ${number} ${(error as Error).message}`, 1, { cause: error });
  }
}
