import type { Variant } from '../variant.js';

const RETENTION = 'libs/engine/src/head/version-retention.ts';
const DELETES = 'libs/engine/src/head/range-delete-list.ts';
const FLUSH = 'libs/engine/src/head/flush.ts';
const EXECUTE = 'libs/engine/src/compaction/execute.ts';
const MERGE = 'libs/engine/src/compaction/merge-entries.ts';
const TIMELINE = 'libs/engine/src/head/timeline.ts';
const PAST = 'libs/engine/src/read/view.ts';

/** C1, W1: what may be dropped, and what has to be said of it. */
export const BROKEN_COMPACTIONS: readonly Variant[] = [
  {
    name: 'drops-versions-without-raising-the-horizon',
    invariant: 'C1',
    breaks: 'reads of the past and range checks pass over what was dropped',
    patches: [
      { file: RETENTION, find: 'if (sequence > this.horizon) this.horizon = sequence;', replace: 'void sequence;' },
    ],
  },
  {
    name: 'answers-below-the-horizon',
    invariant: 'C1',
    breaks: 'a read of a past whose versions are gone is answered all the same',
    patches: [
      { file: PAST, find: 'if (head !== undefined && through < head.horizon) throw', replace: 'if (false) throw' },
    ],
  },
  {
    name: 'drops-a-range-tombstone-that-hides-something',
    invariant: 'C1',
    breaks: 'a range delete leaves the head while files have entries that it hides',
    setting: 'short-history',
    patches: [
      {
        file: DELETES,
        find: 'if (sequence > point.sequence || mayHideSomething(rangeDelete, head)) return true;',
        replace: 'if (sequence > point.sequence) return true;',
      },
    ],
  },
  {
    name: 'drops-tombstones-over-files-with-their-key',
    invariant: 'C1',
    breaks: 'a flush drops a tombstone although a file has an older version of its key',
    patches: [
      { file: FLUSH, find: 'mayLieBelow: (key) => mayLieInFiles(head, key),', replace: 'mayLieBelow: () => false,' },
    ],
  },
  {
    name: 'drops-tombstones-in-a-tier',
    invariant: 'C1',
    breaks: 'a merge of neighbours in L0 drops a tombstone although L1 has an older version of its key',
    setting: 'tiers',
    patches: [
      { file: EXECUTE, find: "plan.kind === 'tier' ? belowTier(head, plan) : () => false", replace: '() => false' },
    ],
  },
  {
    name: 'drops-what-has-not-expired-yet',
    invariant: 'C1',
    breaks: 'what will expire is dropped as if it had',
    setting: 'short-history',
    patches: [
      {
        file: RETENTION,
        find: "entry.kind === 'delete' || entry.expiresAt <= point.at;",
        replace: "entry.kind === 'delete' || entry.expiresAt < Number.POSITIVE_INFINITY;",
      },
      {
        file: RETENTION,
        find: 'newest.expiresAt > point.at) return 1;',
        replace: 'newest.expiresAt === Number.POSITIVE_INFINITY) return 1;',
      },
    ],
  },
  {
    name: 'keeps-the-older-of-two-versions',
    invariant: 'C1',
    breaks: 'a merge keeps the oldest version of a key in place of the newest',
    setting: 'short-history',
    patches: [
      {
        file: MERGE,
        find: 'this.versions.push(entry);',
        replace: 'this.versions.splice(0, 1, entry);',
      },
    ],
  },
  {
    name: 'drops-what-its-window-keeps',
    invariant: 'W1',
    breaks: 'what was superseded is dropped at once, whatever the retention window says',
    patches: [
      {
        file: TIMELINE,
        find: 'return markAt(timeline, now - options.retentionMs) ?? BEGINNING;',
        replace: 'return markAt(timeline, now) ?? BEGINNING;',
      },
    ],
  },
];
