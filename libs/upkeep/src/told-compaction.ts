import type { CompactionWatch } from '@leasehold/engine';

import type { JobRun } from './job.js';

/** The progress of a job that compacts, over all merges that it makes. */
export class ToldCompaction implements CompactionWatch {
  private bytes = 0;
  private ofBytes = 0;

  constructor(private readonly run: JobRun) {}

  /** What is left of a merge that was given up, because its inputs were gone, is not read any more. */
  planned(_kind: unknown, bytes: number): void {
    this.bytes = this.ofBytes;
    this.ofBytes += bytes;
    this.tell();
  }

  passed(bytes: number): void {
    this.bytes += bytes;
    this.tell();
  }

  publish<T>(edit: () => Promise<T>): Promise<T> {
    return this.run.commit(edit);
  }

  private tell(): void {
    this.run.tell({ bytes: this.bytes, ofBytes: this.ofBytes });
  }
}
