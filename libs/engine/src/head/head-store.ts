import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { assert, CorruptBytesError, LeaseholdError } from '@leasehold/foundation';
import type { PutCondition, SettleContext, StoredObject } from '@leasehold/object-store';
import { drawNonce, EMPTY_TRAIL, nextTrail, readDecoded, settleSwap } from '@leasehold/object-store';

import type { Head } from '../format/head.js';
import { decodeHead, encodeHead } from '../format/head.js';
import { faultOfEdit } from './edit-rules.js';

/** A head that the bucket held at this ETag: the base of the next edit. */
export class StoredHead {
  constructor(
    readonly head: Head,
    readonly etag: string,
    /** On the store's clock; undefined when this head was written and not read back. */
    readonly lastModifiedAt: number | undefined,
  ) {}
}

/**
 * `done`: the edit was applied and is durable. `stored` is the present head: ours, or one that others have since made of it (a compaction
 * beside the owner, or a takeover). So an owner compares `stored.head.epoch` and `.owner` with what it wrote, as {@link holds} does:
 * "applied" and "still mine" are two answers.
 *
 * `conflict`: not applied, and never will be. `current` is what was in the way; undefined when the head is gone.
 */
export type HeadSwap =
  | { readonly outcome: 'done'; readonly stored: StoredHead }
  | { readonly outcome: 'conflict'; readonly current: StoredHead | undefined };

export type HeadEdit =
  | { readonly outcome: 'done'; readonly stored: StoredHead }
  /** Another epoch or owner than the base, or the head is gone (H1). Nothing of ours was or will be applied. */
  | { readonly outcome: 'fenced'; readonly current: StoredHead | undefined }
  /** The change had nothing to do on the present head (its inputs are gone, H2). */
  | { readonly outcome: 'dropped'; readonly current: StoredHead };

/** The present head made into the wanted one; undefined drops the edit. May be called again with a newer head. */
export type HeadChange = (head: Head) => Head | undefined | Promise<Head | undefined>;

/** A re-application needs somebody else's success, and those are rare (compactions, gc): more than this is a loop, not contention. */
export const HEAD_EDIT_TRIES = 16;

/** Others kept editing the head between every read and write of ours. */
export class HeadContentionError extends LeaseholdError {
  override readonly name = 'HeadContentionError';

  constructor(tries: number) {
    super('conflict', 'conflict', `head was edited by others at each of our tries: ${tries}`);
  }
}

/**
 * Heads in the bucket. Every edit is one compare-and-swap (H1), draws a nonce of its own and is settled when its answer is
 * unclear (P1): what resolves is known, what is not known throws UnknownOutcomeError.
 */
export class HeadStore {
  constructor(private readonly ctx: SettleContext) {}

  /**
   * One GET, sent after the call (R1); more where the bytes came damaged.
   * @throws StoreUnavailableError @throws CorruptBytesError when they stay so
   */
  load(id: DatabaseId): Promise<StoredHead | undefined> {
    return readDecoded(
      async () => {
        const object = await this.ctx.store.get(bucketLayout.head(id));
        assert(object !== 'not-modified', 'an unconditional read has a body');
        return object;
      },
      (object) => storedHead(id, object),
    );
  }

  /** The first edit of a database; its trail begins here. @throws UnknownOutcomeError */
  create(head: Head): Promise<HeadSwap> {
    return this.settle(head, 'create', EMPTY_TRAIL);
  }

  /** One edit of `base`; `next` gets base's trail and one nonce more, whatever its own says. @throws UnknownOutcomeError */
  swap(base: StoredHead, next: Head): Promise<HeadSwap> {
    const fault = faultOfEdit(base.head, next);
    assert(fault === undefined, `an edit breaks a rule: ${fault}`);
    return this.settle(next, { match: base.etag }, base.head.trail);
  }

  /**
   * Edits until applied: a conflict with the same epoch and owner is an edit by another role, so the change is made again on top of
   * it (H1); any other is a fence. The roles that own nothing (compaction, gc) set `acrossOwners`: they re-apply over any owner.
   * @throws HeadContentionError after {@link HEAD_EDIT_TRIES}
   */
  async edit(
    base: StoredHead,
    change: HeadChange,
    options: { readonly acrossOwners?: boolean } = {},
  ): Promise<HeadEdit> {
    let present = base;
    for (let tries = 0; tries < HEAD_EDIT_TRIES; tries++) {
      const next = await change(present.head);
      if (next === undefined) return { outcome: 'dropped', current: present };
      const swap = await this.swap(present, next);
      if (swap.outcome === 'done') return swap;
      const { current } = swap;
      if (current === undefined) return { outcome: 'fenced', current };
      if (options.acrossOwners !== true && !holds(current.head, base.head)) return { outcome: 'fenced', current };
      present = current;
    }
    throw new HeadContentionError(HEAD_EDIT_TRIES);
  }

  private async settle(head: Head, condition: PutCondition, base: Head['trail']): Promise<HeadSwap> {
    const nonce = drawNonce(this.ctx.random);
    const next: Head = { ...head, trail: nextTrail(base, nonce) };
    const swap = await settleSwap(this.ctx, bucketLayout.head(head.databaseId), encodeHead(next), {
      condition,
      nonce,
      baseEdits: base.edits,
      trailOf: (body) => decodeHead(body).trail,
    });
    if (swap.outcome === 'done') return { outcome: 'done', stored: new StoredHead(next, swap.etag, undefined) };
    const current = swap.current && storedHead(head.databaseId, swap.current);
    if (swap.outcome === 'refused') return { outcome: 'conflict', current };
    return { outcome: 'done', stored: current as StoredHead };
  }
}

/** True while `head` names the same owner at the same epoch as `claim`: nobody has taken the database over. */
export function holds(head: Head, claim: Pick<Head, 'epoch' | 'owner'>): boolean {
  return head.epoch === claim.epoch && head.owner === claim.owner;
}

function storedHead(id: DatabaseId, object: StoredObject): StoredHead {
  const head = decodeHead(object.body);
  if (head.databaseId !== id) throw new CorruptBytesError('head belongs to another database');
  return new StoredHead(head, object.etag, object.lastModifiedAt);
}
