import type { DatabaseId } from '@leasehold/foundation';

/** What an account queues: the links and the mark are its own. */
export interface Queued<S> {
  isUsed: boolean;
  newer: S | undefined;
  older: S | undefined;
  readonly sizeBytes: number;
}

/**
 * The blocks of one database in the cache, in order of arrival, with the SIEVE rule for which goes first (Zhang et al., NSDI 2024): a hand walks from
 * the oldest to the newest, spares what was used since it came by last, and takes the first that was not. A hit sets a flag and moves
 * nothing; what a scan reads once goes before what is read again and again, as the hand stays among the newcomers.
 */
export class CacheAccount<S extends Queued<S>> {
  bytes = 0;
  /** Used or filled since the cache looked last. */
  isTouched = false;
  private newest: S | undefined;
  private oldest: S | undefined;
  private hand: S | undefined;

  constructor(readonly databaseId: DatabaseId) {}

  add(slot: S): void {
    slot.older = this.newest;
    if (this.newest !== undefined) this.newest.newer = slot;
    this.newest = slot;
    this.oldest ??= slot;
    this.bytes += slot.sizeBytes;
  }

  /** Takes out what is worth least. Undefined when there is nothing. */
  evict(): S | undefined {
    let slot = this.hand ?? this.oldest;
    // At most two rounds: the first clears every flag.
    while (slot?.isUsed === true) {
      slot.isUsed = false;
      slot = slot.newer ?? this.oldest;
    }
    if (slot === undefined) return undefined;
    this.hand = slot.newer;
    this.unlink(slot);
    return slot;
  }

  /** Takes out one that stands in the queue. */
  remove(slot: S): void {
    if (this.hand === slot) this.hand = slot.newer;
    this.unlink(slot);
  }

  private unlink(slot: S): void {
    if (slot.newer === undefined) this.newest = slot.older;
    else slot.newer.older = slot.older;
    if (slot.older === undefined) this.oldest = slot.newer;
    else slot.older.newer = slot.newer;
    slot.newer = undefined;
    slot.older = undefined;
    this.bytes -= slot.sizeBytes;
  }
}
