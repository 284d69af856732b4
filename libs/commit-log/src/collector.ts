import { assert } from '@leasehold/foundation';

import { SEGMENT_HEADER_BYTES, FRAME_OVERHEAD_BYTES } from './segment.js';
import type { PendingAppend } from './pending-append.js';

/** Appends that will share a segment. */
export interface Batch {
  readonly appends: readonly PendingAppend[];
}

interface OpenBatch extends Batch {
  readonly appends: PendingAppend[];
  sizeBytes: number;
}

/**
 * Sorts accepted appends into segments, in the order of their arrival (L1). Only the newest batch still collects; the
 * ones before it are full and wait for their turn.
 */
export class Collector {
  private readonly batches: OpenBatch[] = [];

  constructor(private readonly maxSegmentBytes: number) {}

  get empty(): boolean {
    return this.batches.length === 0;
  }

  add(append: PendingAppend): void {
    const sizeBytes = append.payload.byteLength + FRAME_OVERHEAD_BYTES;
    const open = this.batches.at(-1);
    if (open !== undefined && open.sizeBytes + sizeBytes <= this.maxSegmentBytes) {
      open.appends.push(append);
      open.sizeBytes += sizeBytes;
      return;
    }
    // A single append that is larger than a segment should be gets one of its own.
    this.batches.push({ appends: [append], sizeBytes: SEGMENT_HEADER_BYTES + sizeBytes });
  }

  /** A batch is full: it gains nothing by waiting. */
  get full(): boolean {
    return this.batches.length > 1;
  }

  take(): Batch {
    const batch = this.batches.shift();
    assert(batch !== undefined, 'a batch is taken when there is one');
    return batch;
  }

  /** Everything that was never put. */
  clear(): void {
    this.batches.length = 0;
  }
}
