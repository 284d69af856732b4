import { compareKeys } from '../entry.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { trimHistory } from '../head/history-files.js';
import { IDEMPOTENCY_FILES } from '../head/idempotency-records.js';
import {
  hidesAllOf,
  KEPT_RANGE_DELETES,
  mayHideIn,
  pointUnderPressure,
  pruneRangeDeletes,
} from '../head/range-delete-list.js';
import type { RetentionPoint } from '../head/timeline.js';
import { retentionPoint } from '../head/timeline.js';
import { L0_COMPACTION_FILES, TARGET_FILE_BYTES } from '../limits.js';
import { garbageShare } from './garbage-share.js';

export interface CompactionSettings {
  /** L0 files that make a compaction worth it; 1 or more. */
  readonly l0Files: number;
  /** Output files are cut at the first key after so many bytes. */
  readonly targetFileBytes: number;
  /** L0 is merged into L1 when the L1 files that it touches are at most so many times as large: what one written byte is rewritten there. */
  readonly levelRatio: number;
  /** L1 that is small is merged into at once, whatever the ratio. */
  readonly smallLevelBytes: number;
  /** Below this size L0 files are merged with each other rather than to rewrite a large L1 for little. */
  readonly tierFileBytes: number;
  /** From so many L0 files on they go to L1 whatever it costs: reads look into each. */
  readonly mostL0Files: number;
  /** Share of an L1 file's entries that are garbage from which on it is rewritten for that alone. */
  readonly garbageShare: number;
  /** Range deletes outside of the retention window from which on files are rewritten to be rid of them. */
  readonly rangeDeletes: number;
}

const MIB = 1024 * 1024;

export const COMPACTION_SETTINGS: CompactionSettings = {
  l0Files: L0_COMPACTION_FILES,
  targetFileBytes: TARGET_FILE_BYTES,
  levelRatio: 8,
  smallLevelBytes: 64 * MIB,
  tierFileBytes: 64 * MIB,
  mostL0Files: 12,
  garbageShare: 0.3,
  rangeDeletes: 64,
};

/** Open inputs of one merge: each holds some megabytes. More L0 files than that are merged in turns, oldest first. */
const MOST_L0_INPUTS = 48;

/** L1 files of one rewrite for garbage: a quarter of a gigabyte, so that a job stays a matter of seconds. */
const MOST_REWRITTEN_FILES = 32;

/**
 * So many neighbours in L1 that together are no larger than one file become one: where keys only grow (times, queues), each merge leaves a small
 * file beside the one before. Their sizes differ by no more than this factor, until L1 has so many files per file's worth of bytes …
 */
const FRAGMENTS = 4;

/** … and these besides: a head names each. */
const MOST_FRAGMENTS = 64;

/** The same for files of idempotency records, which live for a day only. */
const RECORDS_FACTOR = 4;

/** A file of records is built in memory, as a whole. */
const RECORDS_FILE_BYTES = 64 * MIB;

/** Files of one tier differ by no more than this factor: merging a large with a small one rewrites the large one for little. */
const TIER_FACTOR = 2;

/** As many files before the most that there may be, small neighbours of any sizes make room for each other. */
const TIGHT_FILES = 2;

/**
 * - `levels`: L0 into L1. Below the output there is nothing of its keys, so tombstones may go
 * - `tier`: neighbours in L0 into one L0 file, while L1 is too large to be rewritten for them
 * - `garbage`: L1 files by themselves, without what retention has passed, or small neighbours into one
 * - `records`: files of idempotency records
 * - `trim`: nothing is read; the head is rid of history and range deletes that nothing needs any more
 */
export type CompactionKind = 'levels' | 'tier' | 'garbage' | 'records' | 'trim';

export interface CompactionPlan {
  readonly kind: CompactionKind;
  /** Newest first, neighbours in L0; for `levels` its oldest. */
  readonly l0: readonly SstRef[];
  /** By key. For `levels` every file that L0's keys reach into. */
  readonly l1: readonly SstRef[];
  /** Files of L1 that one range delete hides altogether: they leave unread. */
  readonly hidden: readonly SstRef[];
  /** Newest first, neighbours. */
  readonly records: readonly SstRef[];
  /** What was superseded at or before it goes. */
  readonly point: RetentionPoint;
}

/**
 * What is most worth doing; undefined when nothing is. Pure.
 * @param now wall ms, for the retention window; the last commit's time unless given, which finds less in an idle database
 */
export function planCompaction(
  head: Head,
  now: number = head.lastCommittedAt,
  settings: CompactionSettings = COMPACTION_SETTINGS,
): CompactionPlan | undefined {
  const point = pointUnderPressure(retentionPoint(head, now), head);
  const nothing: Omit<CompactionPlan, 'kind'> = { l0: [], l1: [], hidden: [], records: [], point };
  const parts =
    planL0(head, settings) ??
    planGarbage(head, point, settings) ??
    planFragments(head, settings) ??
    planRecords(head) ??
    planTrim(head, point);
  if (parts === undefined) return undefined;
  const plan = { ...nothing, ...parts };
  // Whatever is merged anyway is spared the reading of what is hidden as a whole.
  const hidden = plan.l1.filter((ref) => isHidden(head, ref, point));
  return hidden.length === 0
    ? plan
    : { ...plan, l1: plan.l1.filter((ref) => !hidden.includes(ref)), hidden: [...plan.hidden, ...hidden] };
}

type Parts = Partial<CompactionPlan> & Pick<CompactionPlan, 'kind'>;

function planL0(head: Head, settings: CompactionSettings): Parts | undefined {
  const { l0 } = head;
  if (l0.length < settings.l0Files || l0.length === 0) return undefined;
  const levels = intoL1(head);
  const l0Bytes = bytesOf(levels.l0);
  const l1Bytes = bytesOf(levels.l1);
  if (l1Bytes <= settings.smallLevelBytes || l1Bytes <= l0Bytes * settings.levelRatio) return levels;
  // Small files first go together, so that what is brought to a large L1 is large.
  const tier = neighboursOf(l0, settings.tierFileBytes, Math.max(2, settings.l0Files), TIER_FACTOR);
  if (tier !== undefined) return { kind: 'tier', l0: tier };
  if (l0.length < settings.mostL0Files - TIGHT_FILES) return undefined;
  const crowd = neighboursOf(l0, settings.tierFileBytes, 2, Number.POSITIVE_INFINITY);
  if (crowd !== undefined) return { kind: 'tier', l0: crowd };
  return l0.length < settings.mostL0Files ? undefined : levels;
}

function intoL1({ l0, l1 }: Head): Parts & Pick<CompactionPlan, 'l0' | 'l1'> {
  const inputs = l0.slice(-MOST_L0_INPUTS);
  return { kind: 'levels', l0: inputs, l1: l1.filter((ref) => inputs.some((input) => overlaps(input, ref))) };
}

/** The first neighbours of about one size, at least so many of them, which together stay small. */
function neighboursOf(
  refs: readonly SstRef[],
  mostBytes: number,
  least: number,
  factor: number,
): readonly SstRef[] | undefined {
  for (let from = 0; from + least <= refs.length; from++) {
    let smallest = Number.POSITIVE_INFINITY;
    let largest = 0;
    let total = 0;
    let to = from;
    for (; to < refs.length; to++) {
      const { sizeBytes } = refs[to] as SstRef;
      smallest = Math.min(smallest, sizeBytes);
      largest = Math.max(largest, sizeBytes);
      total += sizeBytes;
      if (largest > smallest * factor || total > mostBytes) break;
    }
    if (to - from >= least) return refs.slice(from, to);
  }
  return undefined;
}

function planGarbage(head: Head, point: RetentionPoint, settings: CompactionSettings): Parts | undefined {
  const passed = head.rangeDeletes.filter(({ version }) => version.sequence <= point.sequence);
  const isCleaning = passed.length >= settings.rangeDeletes || head.rangeDeletes.length > KEPT_RANGE_DELETES;
  const needsCleaning = (ref: SstRef): boolean =>
    isCleaning && passed.some((rangeDelete) => mayHideIn(rangeDelete, ref));
  if (head.l0.some(needsCleaning)) return intoL1(head);
  const hidden = head.l1.filter((ref) => isHidden(head, ref, point));
  const l1: SstRef[] = [];
  for (const ref of head.l1) {
    if (l1.length === MOST_REWRITTEN_FILES) break;
    if (hidden.includes(ref)) continue;
    if (needsCleaning(ref) || garbageShare(ref, point) >= settings.garbageShare) l1.push(ref);
  }
  return l1.length + hidden.length === 0 ? undefined : { kind: 'garbage', l1, hidden };
}

/** Neighbours in L1 that fit into one file are rewritten as garbage is. */
function planFragments({ l1 }: Head, { targetFileBytes }: CompactionSettings): Parts | undefined {
  const isCrowded = l1.length > MOST_FRAGMENTS + (FRAGMENTS * bytesOf(l1)) / targetFileBytes;
  const factor = isCrowded ? Number.POSITIVE_INFINITY : FRAGMENTS;
  const fragments = neighboursOf(l1, targetFileBytes, FRAGMENTS, factor);
  return fragments && { kind: 'garbage', l1: fragments };
}

/** The newest files, as long as the next is not much larger than all of them: each record is rewritten a few times in its day. */
function planRecords({ idempotency: { files } }: Head): Parts | undefined {
  const firstLarge = files.findIndex(({ sizeBytes }) => sizeBytes > RECORDS_FILE_BYTES / 2);
  const small = firstLarge < 0 ? files : files.slice(0, firstLarge);
  if (small.length < IDEMPOTENCY_FILES) return undefined;
  let count = 0;
  let bytes = 0;
  for (const { sizeBytes } of small) {
    if (count >= IDEMPOTENCY_FILES / 2 && sizeBytes > bytes * RECORDS_FACTOR) break;
    if (bytes + sizeBytes > RECORDS_FILE_BYTES) break;
    count++;
    bytes += sizeBytes;
  }
  return { kind: 'records', records: files.slice(0, count) };
}

function planTrim(head: Head, point: RetentionPoint): Parts | undefined {
  const { history } = trimHistory(head.history, { throughSequence: point.sequence, horizon: head.horizon });
  const isUseful =
    history !== head.history ||
    pruneRangeDeletes(head, point).rangeDeletes !== head.rangeDeletes ||
    head.idempotency.files.some(({ expiresThrough }) => expiresThrough <= head.lastCommittedAt);
  return isUseful ? { kind: 'trim' } : undefined;
}

function isHidden({ rangeDeletes }: Head, ref: SstRef, point: RetentionPoint): boolean {
  return rangeDeletes.some(
    (rangeDelete) => rangeDelete.version.sequence <= point.sequence && hidesAllOf(rangeDelete, ref),
  );
}

function overlaps(a: SstRef, b: SstRef): boolean {
  return compareKeys(a.minKey, b.maxKey) <= 0 && compareKeys(b.minKey, a.maxKey) <= 0;
}

function bytesOf(refs: readonly SstRef[]): number {
  return refs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
