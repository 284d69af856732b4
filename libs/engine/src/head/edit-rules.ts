import type { Head } from '../format/head.js';
import { isAboveFloor } from './flush.js';

/**
 * What no edit may do, whoever makes it and whatever for: undefined when `next` may follow `base`. Pure. The CAS names `base`, so what holds
 * between these two holds in the bucket.
 */
export function faultOfEdit(base: Head, next: Head): string | undefined {
  if (next.databaseId !== base.databaseId) return 'a head stays with its database';
  if (next.epoch < base.epoch) return 'epochs only grow';
  if (next.lastCommit.sequence < base.lastCommit.sequence) return 'commits are not taken back';
  if (next.horizon < base.horizon) return 'the horizon is not lowered (C1)';
  if (base.gcFloor !== undefined && (next.gcFloor === undefined || next.gcFloor < base.gcFloor)) {
    return 'the gc floor is not lowered (G1)';
  }
  const present = new Set([...base.l0, ...base.l1].map((ref) => ref.id));
  const added = [...next.l0, ...next.l1].filter((ref) => !present.has(ref.id));
  return added.every((ref) => isAboveFloor(ref, base)) ? undefined : 'files are added above the gc floor only (G1)';
}
