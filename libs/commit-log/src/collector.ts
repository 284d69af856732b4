import type { DatabaseId } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';

import type { CommitLogSettings } from './commit-log-settings.js';
import { SEGMENT_HEADER_BYTES, FRAME_OVERHEAD_BYTES } from './segment.js';
import type { LoggedAppend } from './logged-append.js';

/** Appends that will share a segment. */
export interface Batch {
  readonly appends: readonly LoggedAppend[];
}

interface OpenBatch extends Batch {
  readonly appends: LoggedAppend[];
  sizeBytes: number;
  /** Of each database in it. */
  readonly bytesOf: Map<DatabaseId, number>;
  /** The last of the shared that holds earlier appends of a database in this one: it has to be put before it. */
  after: OpenBatch | undefined;
}

/** Segments of those with more wait for so many of the others in front of them, while these have any: a fifth of the puts. */
const SHARED_BEFORE_LARGE = 4;

/**
 * Sorts accepted appends into segments (L1). Everybody has a share of the next one; what a database has beyond its share, and what is larger
 * than it, goes into segments for the large, which are put in between and when they are full. So whoever writes a little does not wait for the
 * put of what others write in bulk.
 *
 * Appends of one database stay in the order of their arrival: while it has anything among the large, all that it has goes there, and a segment
 * is not put before one that holds earlier appends of its databases.
 *
 * Only the newest batch of each kind still collects; the ones before it are full and wait for their turn.
 */
export class Collector {
  private readonly shared: OpenBatch[] = [];
  private readonly large: OpenBatch[] = [];
  /** Databases that have something among the large: in how many batches. */
  private readonly inLarge = new Map<DatabaseId, number>();
  private sharedSinceLarge = 0;
  /** It was the turn of the large, and others had to be put first. */
  private isLargeDue = false;

  constructor(private readonly settings: Pick<CommitLogSettings, 'maxSegmentBytes' | 'shareBytes'>) {}

  get empty(): boolean {
    return this.shared.length === 0 && this.large.length === 0;
  }

  add(append: LoggedAppend): void {
    const { databaseId } = append;
    const sizeBytes = append.payloadBytes + FRAME_OVERHEAD_BYTES;
    const shareBytes = this.shared.at(-1)?.bytesOf.get(databaseId) ?? 0;
    if (!this.inLarge.has(databaseId) && shareBytes + sizeBytes <= this.settings.shareBytes) {
      this.addTo(this.shared, append, sizeBytes);
      return;
    }
    const batch = this.addTo(this.large, append, sizeBytes);
    // The last one of all its databases: those before it are put before it.
    const earlier = this.shared.findLastIndex(({ bytesOf }) => bytesOf.has(databaseId));
    if (earlier > this.positionOf(batch.after)) batch.after = this.shared[earlier];
  }

  /** A batch is full, or has waited for its turn: it gains nothing by waiting. */
  get full(): boolean {
    return this.shared.length > 1 || this.large.length > 1 || this.isLargeDue;
  }

  take(): Batch {
    const [large] = this.large;
    const isTurnOfLarge =
      large !== undefined &&
      (this.shared.length === 0 ||
        this.isLargeDue ||
        // A full one costs no put of the others, and passes them once at most.
        this.sharedSinceLarge >= (this.large.length > 1 ? 1 : SHARED_BEFORE_LARGE));
    if (isTurnOfLarge && this.positionOf(large.after) === -1) return this.takeLarge();
    this.isLargeDue = isTurnOfLarge;
    this.sharedSinceLarge++;
    const batch = this.shared.shift();
    assert(batch !== undefined, 'a batch is taken when there is one');
    return batch;
  }

  /** Everything that was never put. */
  clear(): void {
    this.shared.length = 0;
    this.large.length = 0;
    this.inLarge.clear();
    this.isLargeDue = false;
  }

  /** Among the shared that wait; -1 for one that is put, and for none. */
  private positionOf(batch: OpenBatch | undefined): number {
    return batch === undefined ? -1 : this.shared.indexOf(batch);
  }

  private takeLarge(): Batch {
    const batch = this.large.shift() as OpenBatch;
    for (const databaseId of batch.bytesOf.keys()) {
      const left = (this.inLarge.get(databaseId) ?? 1) - 1;
      if (left > 0) this.inLarge.set(databaseId, left);
      else this.inLarge.delete(databaseId);
    }
    this.isLargeDue = false;
    this.sharedSinceLarge = 0;
    return batch;
  }

  private addTo(batches: OpenBatch[], append: LoggedAppend, sizeBytes: number): OpenBatch {
    const { databaseId } = append;
    let open = batches.at(-1);
    if (open === undefined || open.sizeBytes + sizeBytes > this.settings.maxSegmentBytes) {
      // A single append that is larger than a segment should be gets one of its own.
      open = { appends: [], sizeBytes: SEGMENT_HEADER_BYTES, bytesOf: new Map(), after: undefined };
      batches.push(open);
    }
    open.appends.push(append);
    open.sizeBytes += sizeBytes;
    const bytes = open.bytesOf.get(databaseId);
    open.bytesOf.set(databaseId, (bytes ?? 0) + sizeBytes);
    if (batches === this.large && bytes === undefined) {
      this.inLarge.set(databaseId, (this.inLarge.get(databaseId) ?? 0) + 1);
    }
    return open;
  }
}
