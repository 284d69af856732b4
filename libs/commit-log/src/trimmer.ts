import { bucketLayout } from '@leasehold/bucket-layout';
import type { ObjectStore } from '@leasehold/object-store';
import type { Session } from '@leasehold/lease';

import { forEachBounded } from './bounded.js';

/** So many trimmable segments are worth a renewal of their own; fewer wait for the next one. Half of what may be loose (L5). */
const RENEW_AT_SEGMENTS = 256;
const CONCURRENT_DELETES = 8;
/** Deletions that failed and are kept for another try; what is dropped beyond lies below the floor and hurts nobody. */
const LEFTOVERS_LIMIT = 10_000;

/**
 * Raises the floor and deletes what lies below it, in that order (S6): no segment is deleted before a confirmed renewal
 * of the session's record names a floor above it. One raise at a time; it rides on a renewal that is sent anyway.
 */
export class Trimmer {
  private running = false;
  private trimmedBelow: number;
  private leftovers: number[] = [];

  constructor(
    private readonly store: ObjectStore,
    private readonly session: Session,
    /** The lowest segment that must stay. */
    private readonly floor: () => number,
    private readonly onTrimmed: (segment: number) => void,
  ) {
    this.trimmedBelow = session.floor;
  }

  /** Looks whether there is something to trim. */
  wake(): void {
    if (this.running || this.session.ended.aborted || this.floor() <= this.trimmedBelow) return;
    this.running = true;
    // The session ended: whoever recovers its log removes it as well.
    void this.trim()
      .catch(() => undefined)
      .then(() => {
        this.running = false;
        this.wake();
      });
  }

  private async trim(): Promise<void> {
    const floor = this.floor();
    await this.session.raiseFloor(floor, { soon: floor - this.session.floor >= RENEW_AT_SEGMENTS });
    const due = this.leftovers;
    for (let segment = this.trimmedBelow; segment < floor; segment++) {
      this.onTrimmed(segment);
      due.push(segment);
    }
    this.trimmedBelow = floor;
    this.leftovers = [];
    await forEachBounded(due, CONCURRENT_DELETES, async (segment) => {
      await this.store.delete(bucketLayout.segment(this.session.id, segment)).catch(() => {
        if (this.leftovers.length < LEFTOVERS_LIMIT) this.leftovers.push(segment);
      });
    });
  }
}
