import { parseLine, sizeOfEntry, type Line, type LineEntry } from '@leasehold/protocol/json-lines';

/** One commit. */
export interface ImportBatch {
  readonly entries: readonly LineEntry[];
  /** Entries that had ended by themselves already, and are passed over. */
  readonly expired: number;
  /** Of the byte of the file behind its last line. */
  readonly nextPosition: number;
}

export interface BatchSettings {
  readonly maxEntries: number;
  /** Of keys and values; one entry always fits. */
  readonly maxBytes: number;
  readonly nowMs: () => number;
}

/** A line that is no entry, or one that no database takes. */
export class BadLineError extends Error {
  override readonly name = 'BadLineError';

  constructor(
    /** From 1 on, empty lines counted. */
    readonly line: number,
    reason: string,
  ) {
    super(`Line ${line} ${reason}.`);
  }
}

/**
 * Cuts the lines of a file into commits. Empty lines are passed over. What stands before a bad line is a commit still, nothing behind it is.
 * @throws BadLineError, after what stands before it; DOMException: the file cannot be read
 */
export async function* batchesOf(
  lines: AsyncIterable<Line>,
  { maxEntries, maxBytes, nowMs }: BatchSettings,
): AsyncIterableIterator<ImportBatch> {
  let entries: LineEntry[] = [];
  let [sizeBytes, expired, position, lineNumber] = [0, 0, 0, 1];
  let failure: unknown;
  const take = (): ImportBatch => {
    const batch = { entries, expired, nextPosition: position };
    [entries, sizeBytes, expired] = [[], 0, 0];
    return batch;
  };
  try {
    for await (const { text, nextPosition } of lines) {
      if (text.trim() !== '') {
        const entry = parseLine(text);
        const entryBytes = sizeOfEntry(entry);
        if (entry.expiresAt !== undefined && entry.expiresAt <= nowMs()) expired++;
        else {
          const isFull = entries.length === maxEntries || sizeBytes + entryBytes > maxBytes;
          if (isFull && entries.length > 0) yield take();
          entries.push(entry);
          sizeBytes += entryBytes;
        }
      }
      position = nextPosition;
      lineNumber++;
    }
  } catch (error) {
    failure = error instanceof DOMException ? error : new BadLineError(lineNumber, reasonOf(error));
  }
  if (entries.length > 0 || expired > 0) yield take();
  if (failure !== undefined) throw failure;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
