import type { Commit, Head } from '@leasehold/engine';
import type { DatabaseId, SessionId, Ulid, Version } from '@leasehold/foundation';

import type { EntriesByKey } from './head-contents.js';

export interface FileTrace {
  isPresent: boolean;
  /** Until it is gone; as it was put. */
  body: Uint8Array | undefined;
  /** What it holds, once somebody has asked. */
  entries: EntriesByKey | undefined;
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
  /** Of these, the ones that no head contains. */
  private readonly loose = new Map<string, Commit>();

  constructor(readonly id: DatabaseId) {}

  /** Whether nobody can need a frame any more: a later epoch has taken over, or the head has its commits. */
  hasFrame(epoch: number, lastSequence: number): boolean {
    const { head } = this;
    if (head === undefined) return false;
    return head.epoch > epoch || (head.epoch === epoch && head.lastCommit.sequence >= lastSequence);
  }

  /** @returns false when there is one of this version already */
  addCommit(commit: Commit): boolean {
    const key = keyOf(commit.version);
    if (this.versions.has(key)) return false;
    this.versions.add(key);
    this.loose.set(key, commit);
    return true;
  }

  /**
   * What a head brings that the one before it did not contain: commits of the log at its epoch, and perhaps one that a claim carried, which lies
   * inline. Undefined: some are known to nobody. They are forgotten with all that can never count any more.
   */
  takeCommits(base: Head, next: Head): readonly Commit[] | undefined {
    const commits: Commit[] = [];
    const { sequence } = next.lastCommit;
    let isComplete = true;
    for (let at = base.lastCommit.sequence + 1; at <= sequence; at++) {
      const found = this.loose.get(keyOf({ epoch: base.epoch, sequence: at }));
      if (found !== undefined) commits.push(found);
      else if (at === sequence && next.epoch > base.epoch) commits.push(carriedCommit(next));
      else isComplete = false;
    }
    for (const [key, { version }] of this.loose) {
      if (version.epoch < next.epoch || version.sequence <= sequence) this.loose.delete(key);
    }
    return isComplete ? commits : undefined;
  }
}

function carriedCommit({ lastCommit, lastCommittedAt, inline, rangeDeletes, usage }: Head): Commit {
  const isOfIt = ({ version }: { readonly version: Version }): boolean => version.sequence === lastCommit.sequence;
  return {
    version: lastCommit,
    committedAt: lastCommittedAt,
    entries: inline.filter(isOfIt),
    rangeDeletes: rangeDeletes.filter(isOfIt),
    idempotency: undefined,
    usage: usage.total,
  };
}

function keyOf({ epoch, sequence }: Version): string {
  return `${epoch}.${sequence}`;
}
