import { InvalidError, NotFoundError, type ByteDatabase, type ByteOperation } from '@leasehold/client';
import type { LineEntry } from '@leasehold/protocol/json-lines';

import { BadLineError, type ImportBatch } from './import-batches.js';
import type { TransferRun } from './transfer-run.js';

/** How far an import is. */
export interface ImportProgress {
  /** That are written. */
  readonly entries: number;
  /** That were passed over, because they had ended. */
  readonly expired: number;
  /** Bytes of the file that are done. */
  readonly position: number;
}

/**
 * Writes the entries of a file, commit by commit, one at a time. A commit whose answer was lost is sent again under the same name when it goes on, so that it
 * is applied once. It is stopped between two commits: what is told as written is, and nothing else.
 */
export class ImportRun implements TransferRun {
  private done: ImportProgress = { entries: 0, expired: 0, position: 0 };
  /** Read and not written, as far as is known. */
  private pending: ImportBatch | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly data: Pick<ByteDatabase, 'commit'>,
    private readonly batches: AsyncIterator<ImportBatch>,
    /** Tells this import from all others. */
    private readonly id: string,
    private readonly onProgress: (progress: ImportProgress) => void,
  ) {}

  get progress(): ImportProgress {
    return this.done;
  }

  async run(stop: AbortSignal): Promise<boolean> {
    // Ends with the file.
    while (!stop.aborted) {
      this.pending ??= await this.nextBatch();
      if (this.pending === undefined) return true;
      if (stop.aborted) break;
      await this.commit(this.pending);
      this.pending = undefined;
    }
    return false;
  }

  /** Not where the file is to blame, or the database is gone. */
  mayGoOn(error: Error): boolean {
    const isFinal = error instanceof InvalidError || error instanceof NotFoundError;
    return !(isFinal || error instanceof BadLineError || error instanceof DOMException);
  }

  close(): void {
    void this.batches.return?.().catch(() => undefined);
  }

  /** A source that has failed would end without a word when it is asked again. */
  private async nextBatch(): Promise<ImportBatch | undefined> {
    if (this.failure) throw this.failure.error;
    try {
      const next = await this.batches.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  private async commit({ entries, expired, nextPosition }: ImportBatch): Promise<void> {
    if (entries.length > 0) {
      await this.data.commit({ ops: entries.map(putOf) }, { idempotencyKey: `import-${this.id}-${nextPosition}` });
    }
    const { done } = this;
    this.done = { entries: done.entries + entries.length, expired: done.expired + expired, position: nextPosition };
    this.onProgress(this.done);
  }
}

function putOf({ key, value, expiresAt }: LineEntry): ByteOperation {
  return { op: 'put', key, value, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) };
}
