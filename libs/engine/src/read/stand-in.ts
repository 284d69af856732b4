import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';

/**
 * A head that reads as `next` does and names the files of `base`, an earlier head of the same database, instead of those that compactions made of them:
 * while the new ones come into memory. What was flushed since is added. Undefined where it would not read the same (from the horizon of `next` on):
 * what hid something in the old files has left the list of range deletes, or what was flushed since went into a compaction already. Pure.
 */
export function standIn(base: Head, next: Head): Head | undefined {
  if (base.databaseId !== next.databaseId) return undefined;
  const hiding = new Set(next.rangeDeletes.map(({ version }) => version.sequence));
  if (base.rangeDeletes.some(({ version }) => !hiding.has(version.sequence))) return undefined;
  const isLater = (ref: SstRef): boolean => ref.coversFrom >= base.inlineFrom;
  const flushed = next.l0.filter(isLater);
  const versions = next.history.filter(({ role, ref }) => role === 'versions' && isLater(ref)).map(({ ref }) => ref);
  let at = base.inlineFrom;
  // Every commit that left the inline run since went into one file, and each of these begins where the one before ended.
  for (const ref of [...flushed, ...versions].sort((a, b) => a.coversFrom - b.coversFrom)) {
    if (ref.coversFrom !== at) return undefined;
    at = ref.coversThrough + 1;
  }
  return at === next.inlineFrom ? { ...next, l0: [...flushed, ...base.l0], l1: base.l1 } : undefined;
}
