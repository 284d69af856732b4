import type { SessionId } from '@leasehold/foundation';
import type { SessionStatus, SessionWatch } from '@leasehold/lease';

export interface RecoveryQueue {
  enqueueRecovery(sessionId: SessionId, seen: 'ending' | 'ended'): void;
}

/**
 * Starts the watch and asks for the recovery of every session that ends otherwise than by a drain: one that falls silent, or that
 * a worker has sealed. Every compactor does; the queue makes one job of what they all ask for. Workers ask for nothing: they take
 * over what is wanted of them by themselves, and may be the ones that died.
 *
 * Resolves when the first listing is done. @throws StoreUnavailableError
 */
export async function startRecoveryWatch(
  watch: Pick<SessionWatch, 'start' | 'onChange'>,
  queue: RecoveryQueue,
): Promise<void> {
  // Those that were sealed before this process began have most probably been recovered too.
  let seen: 'ended' | 'ending' = 'ended';
  const asked = new Set<SessionId>();
  watch.onChange((id: SessionId, status: SessionStatus) => {
    if (status !== 'expired' && status !== 'sealed') {
      asked.delete(id);
      return;
    }
    // The seal of a session that was silent before: the work of whoever recovers it.
    if (asked.has(id)) return;
    asked.add(id);
    queue.enqueueRecovery(id, seen);
  });
  await watch.start();
  seen = 'ending';
}
