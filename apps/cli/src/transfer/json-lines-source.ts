import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { linesOf, MAX_LINE_BYTES, parseLine } from '@leasehold/protocol/json-lines';

import { CliError } from '../cli-error.js';
import { fingerprintOf } from './fingerprint.js';
import type { ImportEntry, ImportSource } from './import-source.js';

const CHUNK_BYTES = 1024 * 1024;

/** Entries of a file of JSON lines, or of a stream of them, which cannot be gone back to. Empty lines are passed over. */
export class JsonLinesSource implements ImportSource {
  readonly unit = 'bytes';
  private lineNumber = 0;

  private constructor(
    private readonly open: (from: number) => Readable,
    readonly total: number | undefined,
    readonly fingerprint: string | undefined,
  ) {}

  static ofFile(path: string): JsonLinesSource {
    const { fingerprint, sizeBytes } = fingerprintOf(path);
    const open = (start: number): Readable => createReadStream(path, { start, highWaterMark: CHUNK_BYTES });
    return new JsonLinesSource(open, sizeBytes, fingerprint);
  }

  static ofStream(stream: Readable): JsonLinesSource {
    return new JsonLinesSource(() => stream, undefined, undefined);
  }

  async *entries(from: number): AsyncIterable<ImportEntry> {
    const where = (): string =>
      from === 0 ? `line ${this.lineNumber}` : `line ${this.lineNumber} from byte ${from} on`;
    try {
      this.lineNumber = 1;
      for await (const { text, nextPosition } of linesOf(this.open(from), { from, maxLineBytes: MAX_LINE_BYTES })) {
        if (text.trim() !== '') yield { ...parseLine(text), nextPosition };
        this.lineNumber++;
      }
    } catch (error) {
      if (!(error instanceof Error) || 'code' in error) throw error;
      throw new CliError(`${where()} ${error.message}`, 1, { cause: error });
    }
  }

  skipped(): ReadonlyMap<string, number> {
    return new Map();
  }

  close(): void {
    // The stream ends with its iteration.
  }
}
