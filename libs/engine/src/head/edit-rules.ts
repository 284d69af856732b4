import type { Ulid } from '@leasehold/foundation';

import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { filesOf, isAboveFloor } from './file-ids.js';
import { isAtLeast } from './usage-marks.js';

/**
 * What no edit may do, whoever makes it and whatever for: undefined when `next` may follow `base`. Pure. The CAS names `base`, so what holds
 * between these two holds in the bucket.
 */
export function faultOfEdit(base: Head, next: Head): string | undefined {
  return faultOfPosition(base, next) ?? faultOfHistory(base, next) ?? faultOfFiles(base, next);
}

function faultOfPosition(base: Head, next: Head): string | undefined {
  if (next.databaseId !== base.databaseId) return 'a head stays with its database';
  if (next.epoch < base.epoch) return 'epochs only grow';
  if (next.lastCommit.sequence < base.lastCommit.sequence) return 'commits are not taken back';
  if (next.lastCommittedAt < base.lastCommittedAt) return 'commit times do not decrease';
  if (!isAtLeast(next.usage.total, base.usage.total)) return 'usage does not fall';
  if (!isAtLeast(next.usage.recorded, base.usage.recorded)) return 'recorded usage does not fall';
  const optionsChange =
    next.options.retentionMs !== base.options.retentionMs || next.options.maxBytes !== base.options.maxBytes;
  if (optionsChange && base.owner === undefined && next.epoch === base.epoch)
    return 'options change through an owner or a claim (H2)';
  return undefined;
}

function faultOfHistory(base: Head, next: Head): string | undefined {
  if (next.horizon < base.horizon) return 'the horizon is not lowered (C1)';
  if (next.inlineFrom < base.inlineFrom) return 'what lies in files does not become inline';
  if (next.rangeDeletes !== base.rangeDeletes) {
    const kept = new Set(next.rangeDeletes.map(({ version }) => version.sequence));
    const lost = base.rangeDeletes.filter(({ version }) => !kept.has(version.sequence));
    if (lost.some(({ version }) => version.sequence > next.horizon))
      return 'a range delete leaves only with the horizon (C1)';
  }
  if (next.history !== base.history) {
    const kept = new Set(next.history.map(({ ref }) => ref.id));
    const lost = base.history.filter(({ role, ref }) => role === 'versions' && !kept.has(ref.id));
    if (lost.some(({ ref }) => ref.maxSequence > next.horizon)) return 'old versions leave only with the horizon (C1)';
  }
  return undefined;
}

function faultOfFiles(base: Head, next: Head): string | undefined {
  if (base.gcFloor !== undefined && (next.gcFloor === undefined || next.gcFloor < base.gcFloor))
    return 'the gc floor is not lowered (G1)';
  const present = idsOf(filesOf(base));
  for (const ref of filesOf(next)) {
    // Files in other folders are kept by pins there, not by this database's floor.
    if (!present.has(ref.id) && ref.folder === undefined && !isAboveFloor(ref, base))
      return 'files are added above the gc floor only (G1)';
  }
  if (next.lastCommit.sequence === base.lastCommit.sequence) return undefined;
  const isKept = (before: readonly SstRef[], after: readonly SstRef[]): boolean =>
    after.length >= before.length && before.every((ref, i) => after[after.length - before.length + i]?.id === ref.id);
  if (next.l1.length !== base.l1.length || !isKept(base.l1, next.l1) || !isKept(base.l0, next.l0))
    return 'an edit with commits does not replace files (H2)';
  return undefined;
}

function idsOf(refs: Iterable<SstRef>): ReadonlySet<Ulid> {
  const ids = new Set<Ulid>();
  for (const { id } of refs) ids.add(id);
  return ids;
}
