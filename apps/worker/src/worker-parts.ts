import type { CommitLogSettings } from '@leasehold/commit-log';
import type { DatabaseId } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import type { Logger } from '@leasehold/service-kit';

/** What a worker stands on. It closes both when it ends. */
export interface WorkerParts {
  readonly bucket: ObjectStore & { close(): void | Promise<void> };
  readonly jobs: {
    /** Returns at once and never throws; a job that is lost costs time, never data. */
    enqueueCompaction(databaseId: DatabaseId): void;
    close(): Promise<void>;
  };
  /** For a bucket that is nearer than the modes of the commit log have in mind. */
  readonly commitLog?: Partial<CommitLogSettings>;
}

/** Called once, when the worker listens. */
export type OpenWorkerParts = (logger: Logger) => WorkerParts;
