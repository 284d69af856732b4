import type { LogDatabase } from '@leasehold/commit-log';
import { HeadStore, type Head } from '@leasehold/engine';
import { forEachBounded, type SessionId } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

/**
 * True when nothing that an ended session's log holds of a database will ever be needed (S5).
 *
 * A head that names another owner, or none, contains everything of this session: a release has flushed it (H4), a takeover or
 * recovery has carried its durable tail (H3), and a deletion is a release. A head that still names this session has to have reached the last
 * durable frame of its epoch. A quarantined database keeps its log whatever else the head says: somebody has to look. So
 * does one whose frames are damaged, for what cannot be read may belong to any epoch.
 */
export function isRecovered(head: Head | undefined, sessionId: SessionId, inLog: LogDatabase): boolean {
  if (head === undefined) return true;
  if (head.quarantined) return false;
  if (head.owner !== sessionId) return true;
  if (inLog.damaged) return false;
  // Nothing durable was written since it claimed the database once more.
  if (inLog.epoch < head.epoch) return true;
  return inLog.epoch === head.epoch && head.lastCommit.sequence >= inLog.lastSequence;
}

/** True when every one is recovered. Stops at the first that is not. @throws StoreUnavailableError, CorruptBytesError */
export async function areRecovered(
  ctx: SettleContext,
  sessionId: SessionId,
  databases: readonly LogDatabase[],
  headsAtOnce: number,
): Promise<boolean> {
  const heads = new HeadStore(ctx);
  let all = true;
  await forEachBounded(databases, headsAtOnce, async (inLog) => {
    if (!all) return;
    const stored = await heads.load(inLog.databaseId);
    if (!isRecovered(stored?.head, sessionId, inLog)) all = false;
  });
  return all;
}
