import type { ClosedLog } from '@leasehold/commit-log';
import { readTail } from '@leasehold/commit-log';
import type { Commit, Head, StoredHead } from '@leasehold/engine';
import { HeadContentionError, HEAD_EDIT_TRIES, HeadStore } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

import { commitsAfter, withTail } from './tail.js';

/**
 * - `published`: the head has the whole tail and no owner
 * - `nothing`: it has everything already, or there is no such database; left as it is, for whoever wants it claims it without a tail
 * - `superseded`: it is not that session's any more, which took the tail along (H3) or flushed it (H4)
 * - `quarantined`: the tail cannot be read, or does not go on from the head; or it was quarantined before
 */
export type TailPublication = 'published' | 'nothing' | 'superseded' | 'quarantined';

/**
 * Brings what an ended session left of one database into its head: one CAS at epoch + 1 with the whole durable tail and no owner
 * (H3). Frames count only at the head's epoch and above its commit. Safe beside a takeover: one of the two is refused and starts again from
 * the other's head. Safe to repeat.
 *
 * @param signal ends the attempts; a CAS that was sent may still land
 * @param onHead told of the head that was found or put last, whatever came of it; of none where there is no such database
 * @throws HeadContentionError; LeaseholdError `unavailable` or `unknown` from the store
 */
export async function publishTail(
  ctx: Pick<SettleContext, 'store' | 'clock' | 'random'>,
  log: ClosedLog,
  databaseId: DatabaseId,
  signal?: AbortSignal,
  onHead: (head: Head) => void = () => undefined,
): Promise<TailPublication> {
  const { store, clock, random } = ctx;
  const settling = { store, clock, random, signal };
  const heads = new HeadStore(settling);
  for (let tries = 0; tries < HEAD_EDIT_TRIES; tries++) {
    signal?.throwIfAborted();
    const stored = await heads.load(databaseId);
    if (stored === undefined) return 'nothing';
    onHead(stored.head);
    if (stored.head.quarantined) return 'quarantined';
    if (stored.head.owner !== log.sessionId) return 'superseded';
    const tail = await durableTail(settling, log, stored);
    if (tail === 'damaged') {
      // Another head than the one that was judged: look again.
      if ((await quarantine(heads, stored)) === 'conflict') continue;
      return 'quarantined';
    }
    if (tail.length === 0) return 'nothing';
    const next = await withTail(settling, stored.head, tail);
    const swap = await heads.swap(stored, { ...next, epoch: stored.head.epoch + 1, owner: undefined });
    if (swap.outcome !== 'done') continue;
    onHead(next);
    return 'published';
  }
  throw new HeadContentionError(HEAD_EDIT_TRIES);
}

/** L3: what cannot be read is never taken for the end of the log; the database stays as it is, and someone is paged. */
export async function quarantine(heads: HeadStore, stored: StoredHead): Promise<'done' | 'conflict'> {
  return (await heads.swap(stored, { ...stored.head, quarantined: true })).outcome;
}

async function durableTail(
  ctx: SettleContext,
  log: ClosedLog,
  { head }: StoredHead,
): Promise<readonly Commit[] | 'damaged'> {
  try {
    return commitsAfter(head, await readTail(ctx, log, head.databaseId, head.epoch, head.lastCommit.sequence));
  } catch (error) {
    if (!isLeaseholdError(error, 'corrupt')) throw error;
    return 'damaged';
  }
}
