import type { Head } from '@leasehold/engine';
import type { DatabaseId, SessionId, Ulid } from '@leasehold/foundation';

export interface FileTrace {
  readonly etag: string;
  isPresent: boolean;
}

/** What the bucket has ever held of one database, and holds now. */
export class DatabaseTrace {
  head: Head | undefined;
  hasBegun = false;
  /** Of each epoch, who claimed it: undefined for a recovery without an owner. */
  readonly owners = new Map<number, SessionId | undefined>();
  /** Of each epoch, the last commit of the head that began it. */
  readonly begunAfter = new Map<number, number>();
  readonly files = new Map<Ulid, FileTrace>();
  /** Files that a pin holds: those that the head named when the pin landed. Others it may have come too late for (G2). */
  readonly pins = new Map<string, ReadonlySet<Ulid>>();
  /** Epoch and sequence of every commit in any frame. */
  readonly versions = new Set<string>();

  constructor(readonly id: DatabaseId) {}

  /** Whether nobody can need a frame any more: a later epoch has taken over, or the head has its commits. */
  hasFrame(epoch: number, lastSequence: number): boolean {
    const { head } = this;
    if (head === undefined) return false;
    return head.epoch > epoch || (head.epoch === epoch && head.lastCommit.sequence >= lastSequence);
  }
}
