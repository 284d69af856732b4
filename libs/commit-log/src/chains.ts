import type { DatabaseId } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';

import type { Append } from './frame.js';
import type { LoggedAppend } from './logged-append.js';

interface Chain {
  /** Of the last append that was accepted. */
  epoch: number;
  lastSequence: number;
  /** Of the last frame that was put; 0 = none in `putEpoch`. */
  putEpoch: number;
  /** Its last; 0 = none. */
  putSequence: number;
  lastSegment: number;
  /** The one before `lastSegment` in the same epoch. */
  previousSegment: number;
  /** In the order of acceptance, which is the order of versions. */
  readonly pending: LoggedAppend[];
  waiting: (() => void)[];
}

/**
 * For every database the chain of its segments and the appends that wait for it. An append is acknowledged when its
 * segment and every earlier one in ITS database's chain are confirmed (S4), so acknowledgements of one database come in
 * the order of its versions (L2), and no database waits for another one's slow put.
 */
export class Chains {
  private readonly chains = new Map<DatabaseId, Chain>();
  private bytes = 0;
  private appends = 0;

  /** Payload bytes accepted and not yet durable. */
  get pendingBytes(): number {
    return this.bytes;
  }

  get pendingAppends(): number {
    return this.appends;
  }

  /** Programmer errors only: epochs of a database never fall, and inside an epoch its sequences have no gaps. */
  check({ databaseId, epoch, firstSequence, lastSequence }: Append): void {
    assert(firstSequence >= 1 && lastSequence >= firstSequence, 'an append has at least one commit');
    const chain = this.chains.get(databaseId);
    if (chain === undefined) return;
    assert(epoch >= chain.epoch, 'a database is never written at an earlier epoch than before');
    assert(epoch > chain.epoch || firstSequence === chain.lastSequence + 1, 'commits of an epoch have no gaps');
  }

  accept(append: LoggedAppend): void {
    const { databaseId, epoch, lastSequence } = append;
    let chain = this.chains.get(databaseId);
    if (chain === undefined) {
      const nothingPut = { putEpoch: epoch, putSequence: 0, lastSegment: 0, previousSegment: 0 };
      chain = { epoch, lastSequence, ...nothingPut, pending: [], waiting: [] };
      this.chains.set(databaseId, chain);
    }
    chain.epoch = epoch;
    chain.lastSequence = lastSequence;
    chain.pending.push(append);
    this.bytes += append.payloadBytes;
    this.appends++;
  }

  /**
   * Puts an append's frame into a segment: in the order of versions, or nobody could recover them.
   * @returns the previous segment that holds its database in its epoch, 0 for none
   */
  place(append: LoggedAppend, segment: number): number {
    const chain = this.chains.get(append.databaseId);
    assert(chain !== undefined && append.segment === 0, 'an append is accepted before it is placed, once');
    const isFirst = chain.putEpoch !== append.epoch || chain.putSequence === 0;
    assert(isFirst || append.firstSequence === chain.putSequence + 1, 'appends of an epoch are placed in their order');
    append.segment = segment;
    chain.putSequence = append.lastSequence;
    if (chain.putEpoch !== append.epoch) {
      chain.putEpoch = append.epoch;
      chain.previousSegment = 0;
      chain.lastSegment = segment;
    } else if (chain.lastSegment !== segment) {
      chain.previousSegment = chain.lastSegment;
      chain.lastSegment = segment;
    }
    // Several frames of one database in one segment share their predecessor.
    return chain.previousSegment;
  }

  /** Acknowledges what has become durable, in order. */
  settle(databaseId: DatabaseId, isConfirmed: (segment: number) => boolean): void {
    const chain = this.chains.get(databaseId);
    if (chain === undefined) return;
    const open = chain.pending.findIndex(({ segment }) => segment === 0 || !isConfirmed(segment));
    for (const append of chain.pending.splice(0, open === -1 ? chain.pending.length : open)) {
      this.drop(append);
      append.resolve();
    }
    if (chain.pending.length === 0) wake(chain);
  }

  /** The session has ended: nobody knows what became of those on their way (H5). */
  rejectAll(error: () => Error): void {
    for (const chain of this.chains.values()) {
      for (const append of chain.pending.splice(0)) {
        this.drop(append);
        append.reject(error());
      }
      wake(chain);
    }
  }

  /** Resolves when nothing of the database is pending. */
  resolved(databaseId: DatabaseId): Promise<void> {
    const chain = this.chains.get(databaseId);
    if (chain === undefined || chain.pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => chain.waiting.push(resolve));
  }

  /** What is not put yet and already contained in a head, or of an epoch that is over, will not hold back the floor. */
  supersede(databaseId: DatabaseId, isNeedless: (append: Append) => boolean): void {
    for (const append of this.chains.get(databaseId)?.pending ?? []) {
      if (isNeedless(append)) append.needless = true;
    }
  }

  /** The memory of what is not put yet is nobody else's from here on. */
  unshare(databaseId: DatabaseId): void {
    for (const append of this.chains.get(databaseId)?.pending ?? []) {
      if (append.segment === 0) append.isShared = false;
    }
  }

  /**
   * A chain that ends at or below `segment` begins anew with its next frame, if nothing of the database is pending: the caller says
   * that all of it is below the confirmed floor, where it counts as confirmed, or in a head.
   */
  forget(databaseId: DatabaseId, segment: number): void {
    const chain = this.chains.get(databaseId);
    if (chain !== undefined && chain.lastSegment <= segment && chain.pending.length === 0) {
      this.chains.delete(databaseId);
    }
  }

  private drop(append: LoggedAppend): void {
    this.bytes -= append.payloadBytes;
    this.appends--;
  }
}

function wake(chain: Chain): void {
  const waiting = chain.waiting;
  chain.waiting = [];
  for (const resolve of waiting) resolve();
}
