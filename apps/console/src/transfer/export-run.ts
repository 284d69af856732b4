import {
  InvalidError,
  NotFoundError,
  type ByteDatabase,
  type ByteEntry,
  type ByteRange,
  type PointInTime,
  type Version,
} from '@leasehold/client';
import { formatLine } from '@leasehold/protocol/json-lines';

import { SinkError, type ExportSink } from './export-sink.js';
import type { TransferRun } from './transfer-run.js';

/** As many as a page may have; it ends at 4 MiB. One page is in memory at a time. */
const PAGE_ENTRIES = 1_000;
const UTF8 = new TextEncoder();

/** How far an export is. */
export interface ExportProgress {
  readonly entries: number;
  /** Of the file. */
  readonly bytes: number;
  /** Of the state that is exported; undefined: nothing was read yet. */
  readonly version: Version | undefined;
}

export interface ExportedRange {
  readonly range: ByteRange;
  /** Undefined: the present when the first page is read. */
  readonly at: PointInTime | undefined;
}

/**
 * Writes a range of a database as JSON lines, in the order of its keys, all of it in one state: what others write meanwhile is not in it. After an error of the
 * network it goes on behind the last page that was written, in the same state.
 */
export class ExportRun implements TransferRun {
  private progress: ExportProgress = { entries: 0, bytes: 0, version: undefined };
  /** Leads to the next page; null: there is none. */
  private cursor: string | null | undefined;
  private isOver = false;

  constructor(
    private readonly data: Pick<ByteDatabase, 'page'>,
    private readonly exported: ExportedRange,
    private readonly sink: ExportSink,
    private readonly onProgress: (progress: ExportProgress) => void,
  ) {}

  async run(stop: AbortSignal): Promise<boolean> {
    const { range, at } = this.exported;
    try {
      while (this.cursor !== null) {
        const { entries, cursor, version } = await this.data.page({
          ...range,
          at: this.progress.version ?? at,
          limit: PAGE_ENTRIES,
          cursor: this.cursor,
          signal: stop,
        });
        stop.throwIfAborted();
        await this.write(entries, version);
        this.cursor = cursor;
      }
      await intoSink(this.sink.end());
      this.isOver = true;
      return true;
    } catch (error) {
      if (stop.aborted) return false;
      throw error;
    }
  }

  /** Not where the state is gone, or the file is. */
  mayGoOn(error: Error): boolean {
    return !(error instanceof SinkError || error instanceof InvalidError || error instanceof NotFoundError);
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    void this.sink.abandon().catch(() => undefined);
  }

  private async write(entries: readonly ByteEntry[], version: Version): Promise<void> {
    const chunk = UTF8.encode(entries.map(({ key, value }) => `${formatLine(key, value)}\n`).join(''));
    if (chunk.byteLength > 0) await intoSink(this.sink.write(chunk));
    const { progress } = this;
    this.progress = {
      entries: progress.entries + entries.length,
      bytes: progress.bytes + chunk.byteLength,
      version,
    };
    this.onProgress(this.progress);
  }
}

async function intoSink(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (cause) {
    throw new SinkError('The file cannot be written.', { cause });
  }
}
