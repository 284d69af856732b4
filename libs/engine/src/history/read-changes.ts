import { assert, eventLoopTurn } from '@leasehold/foundation';

import type { Commit, Entry, KeyRange, RangeDelete } from '../entry.js';
import { commitOf, compareKeys, rangeContains } from '../entry.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { changesCompleteFrom, coveringFiles } from '../head/history-files.js';
import { timeOf } from '../head/timeline.js';
import type { Memtable } from '../memtable/memtable.js';
import { HistoryGoneError } from '../read/history-gone-error.js';
import { MERGE_FETCH } from '../sst/sst-cursor.js';
import type { SstSource } from '../sst/sst-reader.js';
import { SstReader } from '../sst/sst-reader.js';
import { ChangeCollector } from './change-collector.js';

/** Reading so many takes about a millisecond. */
const ENTRIES_PER_TURN = 2_048;

export interface ChangeSource {
  /** Newest first, as in a view; commits that the head has as well do no harm. */
  readonly memtables: readonly Memtable[];
  readonly head: Head | undefined;
  readonly files: SstSource;
}

export interface ChangeOptions {
  /** A sequence: what came after it. */
  readonly since: number;
  /** Only what touches these keys. */
  readonly range?: KeyRange;
  /** 1 or more. */
  readonly maxCommits: number;
  /** Of keys and values; a page holds at least one commit, whatever its size, and never a part of one. */
  readonly maxBytes: number;
}

export interface ChangePage {
  /**
   * Those with an effect in the range, by ascending sequence, entries by key. Of a commit that lies in the head or a file already, the time is
   * that of the last recorded moment at or before it, and usage and idempotency record are not told.
   */
  readonly commits: readonly Commit[];
  /** Everything up to this sequence is in the page: the `since` of the next one. */
  readonly through: number;
}

/**
 * A page of the change feed: commits in order, without gap or repetition, wherever they lie by now: files of history and L0 by the commits
 * that they cover, then the inline run, then memtables; range deletes from the head's list. Each file is read in one pass per page, so
 * small pages from large files cost most; memory is bounded by the page.
 *
 * @throws HistoryGoneError when `since` lies before what is complete ({@link changesCompleteFrom})
 * @throws MissingFileError: read the head again and start anew (G2)
 */
export async function readChanges(source: ChangeSource, options: ChangeOptions): Promise<ChangePage> {
  const { memtables, head, files } = source;
  const { since } = options;
  assert(options.maxCommits >= 1, 'a page holds at least one commit');
  const page = new PageOfChanges(options);
  if (head !== undefined) {
    const completeFrom = changesCompleteFrom(head);
    if (since < completeFrom) throw new HistoryGoneError(since, completeFrom);
    for (const ref of coveringFiles(head)) {
      if (page.isFull || ref.coversThrough <= page.through) continue;
      await page.addFile(head, ref, files);
    }
    if (!page.isFull && head.lastCommit.sequence > page.through) page.addInline(head);
  }
  for (const memtable of [...memtables].reverse()) if (!page.isFull) page.addMemtable(memtable);
  return { commits: page.commits, through: page.through };
}

class PageOfChanges {
  readonly commits: Commit[] = [];
  through: number;
  isFull = false;
  private bytes = 0;

  constructor(private readonly options: ChangeOptions) {
    this.through = options.since;
  }

  async addFile(head: Head, ref: SstRef, files: SstSource): Promise<void> {
    const collector = this.collector(head, ref.coversThrough);
    const cursor = new SstReader(files, head.databaseId, ref).cursor(this.options.range ?? {}, {
      reverse: false,
      ...MERGE_FETCH,
    });
    let pending = cursor.start();
    if (pending !== undefined) await pending;
    // Older entries that an L0 file took over from the inline run belong to the files before it.
    for (let entries = 1; cursor.entry !== undefined; entries++) {
      if (cursor.entry.version.sequence >= ref.coversFrom) collector.addEntry(cursor.entry);
      pending = cursor.advance();
      if (pending !== undefined) await pending;
      // A file of many megabytes may be in memory as a whole.
      if (entries % ENTRIES_PER_TURN === 0) await eventLoopTurn();
    }
    this.take(head, collector);
  }

  addInline(head: Head): void {
    const collector = this.collector(head, head.lastCommit.sequence);
    const { range = {} } = this.options;
    for (const entry of head.inline) {
      if (entry.version.sequence >= head.inlineFrom && rangeContains(range, entry.key)) collector.addEntry(entry);
    }
    this.take(head, collector);
  }

  addMemtable(memtable: Memtable): void {
    const { maxCommits, maxBytes } = this.options;
    for (;;) {
      const commits = memtable.commits(this.through, maxCommits);
      for (const commit of commits) {
        const part = this.inRange(commit);
        const bytes = bytesOf(part);
        const hasEffect = part.entries.length + part.rangeDeletes.length > 0;
        if (hasEffect && this.commits.length > 0 && this.bytes + bytes > maxBytes) {
          this.isFull = true;
          return;
        }
        this.through = commit.version.sequence;
        if (!hasEffect) continue;
        this.commits.push(part);
        this.bytes += bytes;
        if (this.commits.length >= maxCommits) {
          this.isFull = true;
          return;
        }
      }
      if (commits.length < maxCommits) return;
    }
  }

  /** With the head's range deletes of these commits. */
  private collector(head: Head, through: number): ChangeCollector {
    const { maxCommits, maxBytes } = this.options;
    const collector = new ChangeCollector({
      from: this.through + 1,
      through,
      maxCommits: maxCommits - this.commits.length,
      maxBytes: maxBytes - this.bytes,
      holdsOne: this.commits.length === 0,
    });
    for (const rangeDelete of head.rangeDeletes) if (this.touches(rangeDelete)) collector.addRangeDelete(rangeDelete);
    return collector;
  }

  private take(head: Head, collector: ChangeCollector): void {
    for (const { version, entries, rangeDeletes } of collector.page()) {
      const committedAt = timeOf(head.timeline, version.sequence);
      this.commits.push(commitOf(version, entries, { committedAt, rangeDeletes }));
    }
    this.through = collector.through;
    this.bytes += collector.sizeBytes;
    const { maxCommits, maxBytes } = this.options;
    this.isFull = collector.isCutShort || this.commits.length >= maxCommits || this.bytes >= maxBytes;
  }

  /** The commit as a file would tell it. */
  private inRange(commit: Commit): Commit {
    const { range = {} } = this.options;
    const { version, committedAt, entries, rangeDeletes, idempotency, usage } = commit;
    return {
      version,
      committedAt,
      entries: entries.filter(({ key }) => rangeContains(range, key)).sort((a, b) => compareKeys(a.key, b.key)),
      rangeDeletes: rangeDeletes.filter((rangeDelete) => this.touches(rangeDelete)),
      idempotency,
      usage,
    };
  }

  private touches({ start, end }: RangeDelete): boolean {
    const { range = {} } = this.options;
    return (
      (range.end === undefined || compareKeys(start, range.end) < 0) &&
      (range.start === undefined || end === undefined || compareKeys(range.start, end) < 0)
    );
  }
}

function bytesOf({ entries, rangeDeletes }: Commit): number {
  const ofEntry = (sum: number, { key, value }: Entry): number => sum + key.byteLength + value.byteLength;
  const ofRange = (sum: number, { start, end }: RangeDelete): number => sum + start.byteLength + (end?.byteLength ?? 0);
  return rangeDeletes.reduce(ofRange, entries.reduce(ofEntry, 0));
}
