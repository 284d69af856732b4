import { compareKeys } from '../entry.js';
import { garbageShare } from '../compaction/garbage-share.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { retentionPoint, type RetentionPoint } from '../head/timeline.js';
import { LEVEL_NAMES, refsOf, type InspectedFile, type InspectedLevel, type LevelName } from './inspected-level.js';

/**
 * The files of a head by level, for people. Pure. Sums are of all files; one by one at most so many of each level are told, so that what it takes
 * beside the sums does not grow with the database.
 * @param most files of each level
 * @param now wall ms: what is outside of the retention window by then is garbage
 */
export function inspectFiles(head: Head, now: number, most: number): readonly InspectedLevel[] {
  const levels = LEVEL_NAMES.map((name) => ({ name, refs: refsOf(head, name) }));
  const byKey = levels.filter(({ name }) => isByKey(name)).flatMap(({ refs }) => refs.slice(0, most));
  const bounds = boundsOf(byKey);
  const point = retentionPoint(head, now);
  return levels.map(({ name, refs }) => ({
    name,
    files: refs.length,
    sizeBytes: refs.reduce((sum, ref) => sum + ref.sizeBytes, 0),
    entries: refs.reduce((sum, ref) => sum + ref.entries, 0),
    first: refs.slice(0, most).map((ref) => inspectedFile(name, ref, head, bounds, point)),
  }));
}

function inspectedFile(
  level: LevelName,
  ref: SstRef,
  { l1 }: Head,
  bounds: readonly Uint8Array[],
  point: RetentionPoint,
): InspectedFile {
  const { minKey, maxKey } = ref;
  const keys = { from: firstFrom(bounds, minKey, asIs), to: firstFrom(bounds, maxKey, asIs) };
  return {
    ref,
    keys: isByKey(level) ? keys : undefined,
    overlaps: level === 'l0' ? overlapsOf(l1, ref) : undefined,
    garbageShare: level === 'l1' ? garbageShare(ref, point) : undefined,
  };
}

/** What was answered to which request is found by the request's key, not by the tenant's. */
function isByKey(level: LevelName): boolean {
  return level !== 'idempotency';
}

/** First and last keys, each once, in order. */
function boundsOf(refs: readonly SstRef[]): readonly Uint8Array[] {
  const sorted = refs.flatMap(({ minKey, maxKey }) => [minKey, maxKey]).sort(compareKeys);
  return sorted.filter((key, at) => at === 0 || compareKeys(sorted[at - 1] as Uint8Array, key) !== 0);
}

/** L1 does not overlap: those that end before the range begins come first, those that begin behind it last. */
function overlapsOf(l1: readonly SstRef[], { minKey, maxKey }: SstRef): number {
  const from = firstFrom(l1, minKey, (ref) => ref.maxKey);
  let to = firstFrom(l1, maxKey, (ref) => ref.minKey);
  const last = l1[to];
  if (last !== undefined && compareKeys(last.minKey, maxKey) === 0) to++;
  return to - from;
}

const asIs = (key: Uint8Array): Uint8Array => key;

/** The place of the first whose key is at or behind `key`; their number, if there is none. */
function firstFrom<T>(sorted: readonly T[], key: Uint8Array, keyOf: (item: T) => Uint8Array): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keyOf(sorted[middle] as T), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
