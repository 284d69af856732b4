import type { SessionId } from '@leasehold/foundation';
import type { Head } from '@leasehold/engine';
import type { SessionStatus } from '@leasehold/lease';

/**
 * What to do next with a database that this session wants to own:
 * - `create`: it has no head yet; create one that names this session
 * - `claim`: nobody owns it, or its owner ended with nothing to recover; one CAS at the next epoch
 * - `reclaim`: the head names this session, which does not hold it (P2); next epoch with the own log's durable tail
 * - `recover`: its owner is gone; close that log, then one CAS at the next epoch with the durable tail (H3)
 * - `misdirect`: a live session owns it
 */
export type ClaimDecision =
  | { readonly step: 'create' | 'claim' | 'reclaim' | 'deleted' | 'quarantined' }
  | { readonly step: 'recover' | 'misdirect'; readonly owner: SessionId };

export function decideClaim(
  head: Pick<Head, 'owner' | 'deletedAt' | 'quarantined'> | undefined,
  self: SessionId,
  ownerStatus: SessionStatus,
): ClaimDecision {
  if (head === undefined) return { step: 'create' };
  if (head.quarantined) return { step: 'quarantined' };
  if (head.deletedAt !== undefined) return { step: 'deleted' };
  if (head.owner === undefined) return { step: 'claim' };
  if (head.owner === self) return { step: 'reclaim' };
  switch (ownerStatus) {
    case 'live':
      return { step: 'misdirect', owner: head.owner };
    case 'expired':
    case 'sealed':
      return { step: 'recover', owner: head.owner };
    case 'clean':
    case 'absent':
      return { step: 'claim' };
  }
}
