import type { SessionId } from '@leasehold/foundation';
import type { Head } from '@leasehold/engine';

/**
 * Why a request met a database that was not open here:
 * - `new`: nothing was ever written to it
 * - `released`: nobody owned it any more
 * - `taken-over`: another session owned it, which has ended
 * - `reclaimed`: it was this session's already, after a claim or release with an unclear end (P2)
 */
export type ColdStartCause = 'new' | 'released' | 'taken-over' | 'reclaimed';

/** `claim`: it was opened here; `read`: the answer came from its head and files without a lease. */
export interface ColdStart {
  readonly cause: ColdStartCause;
  readonly way: 'claim' | 'read';
}

/** @param head as it was before; undefined where there was none */
export function coldStartCause(head: Pick<Head, 'owner' | 'lastCommit'> | undefined, self: SessionId): ColdStartCause {
  if (head?.owner === self) return 'reclaimed';
  if (head?.owner !== undefined) return 'taken-over';
  return head === undefined || head.lastCommit.sequence === 0 ? 'new' : 'released';
}
