import type { SstRef } from '../format/sst-ref.js';
import type { RetentionPoint } from '../head/timeline.js';

/**
 * An estimate of the share of an L1 file's entries that a rewrite drops, by what the head knows of the file. Deletes and superseded versions
 * count as far as the retention point has come through the file's commits; expiries once all of them have passed.
 */
export function garbageShare(ref: SstRef, point: RetentionPoint): number {
  const span = ref.maxSequence - ref.minSequence + 1;
  const passed = Math.min(1, Math.max(0, (point.sequence - ref.minSequence + 1) / span));
  const expired = ref.expiresThrough > 0 && ref.expiresThrough <= point.at ? ref.expiring : 0;
  return Math.min(1, ((ref.deletes + ref.superseded + expired) * passed) / ref.entries);
}
