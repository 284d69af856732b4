import type { SstRef } from '../format/sst-ref.js';
import type { RetentionPoint } from '../head/timeline.js';

/**
 * An estimate of the share of an L1 file's entries that a rewrite drops, by what the head knows of the file. The merge that made it has dropped
 * what was due at `rangeDeletesThrough`, its retention point: the deletes and superseded versions that it left are later, and count as far
 * as the retention point has come through the commits since. Else what the window keeps would be rewritten again and again. Expiries
 * count once all of them have passed.
 */
export function garbageShare(ref: SstRef, point: RetentionPoint): number {
  const cleaned = ref.rangeDeletesThrough;
  if (point.sequence <= cleaned) return 0;
  const hidden = (ref.deletes + ref.superseded) * shareBetween(Math.max(ref.minSequence - 1, cleaned), ref, point);
  const areExpired = ref.expiresThrough > 0 && ref.expiresThrough <= point.at;
  const expired = areExpired ? ref.expiring * shareBetween(ref.minSequence - 1, ref, point) : 0;
  return Math.min(1, (hidden + expired) / ref.entries);
}

/** How much of the file's commits after a sequence the retention point has passed. */
function shareBetween(after: number, { maxSequence }: SstRef, { sequence }: RetentionPoint): number {
  return maxSequence <= after ? 0 : Math.min(1, Math.max(0, (sequence - after) / (maxSequence - after)));
}
