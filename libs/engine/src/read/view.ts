import type { Version } from '@leasehold/foundation';
import { assert, VERSION_ZERO } from '@leasehold/foundation';

import type { Entry, KeyRange, RangeDelete } from '../entry.js';
import { compareKeys, isLive } from '../entry.js';
import type { Head } from '../format/head.js';
import type { Memtable } from '../memtable/memtable.js';
import type { SstSource } from '../sst/sst-reader.js';
import { NOT_IN_MEMORY } from '../sst/sst-reader.js';
import type { Cursor } from './cursor.js';
import { MemoryCursor } from './cursor.js';
import { HeadFiles } from './head-files.js';
import { HistoryGoneError } from './history-gone-error.js';
import { inlineEntries, inlineGet } from './inline-run.js';
import type { Lookup } from './lookup.js';
import { KeyMerge } from './merge.js';
import type { RangeChange } from './range-change.js';
import { firstChangeOf } from './range-change.js';
import { RangeDeleteIndex } from './range-delete-index.js';

export interface ViewParts {
  /** Newest first; commits that are in the head as well do no harm. */
  readonly memtables: readonly Memtable[];
  /** Undefined: a database without a head, which reads as empty. */
  readonly head: Head | undefined;
  readonly files: SstSource;
  /** Wall ms: puts that expire at this time or before are absent. A reading of the present never goes below the time of the last commit. */
  readonly now: number;
  /** Reads the past: commits after this sequence are invisible. Undefined: all that the parts hold. */
  readonly through?: number;
}

export interface ScanOptions extends KeyRange {
  readonly reverse?: boolean;
  /** Entries of the page, 1 or more. */
  readonly limit: number;
  /** The page ends after the entry that reaches this; {@link SCAN_PAGE_BYTES} by default. */
  readonly limitBytes?: number;
}

export interface ScanPage {
  /** Live entries (no tombstones) in byte order, or backwards. */
  readonly entries: readonly Entry[];
  /** False: the range holds nothing after the last of `entries`. True: it may. */
  readonly more: boolean;
}

/** 1,000 values of 512 KiB would not fit into memory many times over. */
export const SCAN_PAGE_BYTES = 4 * 1024 * 1024;

const NEVER_WRITTEN: Lookup = { entry: undefined, version: undefined };

/**
 * One version of a database, as of the last commit that its parts held when it was made (or an earlier one): later commits to the same
 * memtables are invisible. Memtables lie over the inline run, that over L0, that over L1; the highest version of a key wins, unless a range
 * delete is higher still.
 *
 * Cheap to make; make one per request. Reads may throw MissingFileError: read the head again and make a new view (G2).
 */
export class View {
  /** {@link VERSION_ZERO} for an empty database. Of a view of the past only the sequence is exact: the epoch is the newest commit's. */
  readonly version: Version;
  private readonly now: number;
  /** Of the last commit. */
  private readonly committedAt: number;
  /** Without those, reads do not even look for range deletes. */
  private readonly hasRangeDeletes: boolean;

  /** @throws HistoryGoneError for a past that is gone (C1) */
  constructor(private readonly parts: ViewParts) {
    const { memtables, head, through } = parts;
    let version = head === undefined ? VERSION_ZERO : head.lastCommit;
    let now = head === undefined ? 0 : head.lastCommittedAt;
    let hasRangeDeletes = head !== undefined && head.rangeDeletes.length > 0;
    for (const memtable of memtables) {
      const { lastVersion } = memtable;
      if (lastVersion.sequence > version.sequence) version = lastVersion;
      if (memtable.lastCommittedAt > now) now = memtable.lastCommittedAt;
      if (memtable.rangeDeletes.length > 0) hasRangeDeletes = true;
    }
    this.hasRangeDeletes = hasRangeDeletes;
    this.committedAt = now;
    if (through === undefined) {
      this.version = version;
      this.now = parts.now > now ? parts.now : now;
    } else {
      if (head !== undefined && through < head.horizon) throw new HistoryGoneError(through, head.horizon);
      this.version = through < version.sequence ? { epoch: version.epoch, sequence: through } : version;
      this.now = parts.now;
    }
  }

  /**
   * What is known of `key`: at once when all that it takes is in memory, else by at most two round trips. The entry's key is the array given or
   * an equal one.
   * @param at wall ms at which it judges expiries, in place of its own; only of a view of the present
   */
  lookup(key: Uint8Array, at?: number): Lookup | Promise<Lookup> {
    const now = at === undefined ? this.now : Math.max(at, this.committedAt);
    const { memtables, head, files } = this.parts;
    const through = this.version.sequence;
    const hiding = this.hasRangeDeletes ? this.hiding(key) : undefined;
    for (const memtable of memtables) {
      const entry = memtable.get(key, through);
      if (entry !== undefined) return decide(entry, hiding, now);
    }
    if (head === undefined) return decide(undefined, hiding, now);
    const inline = inlineGet(head.inline, key, through);
    if (inline !== undefined) return decide(inline, hiding, now);
    if (head.l0.length === 0 && head.l1.length === 0 && head.history.length === 0)
      return decide(undefined, hiding, now);
    const commits = { from: hiding === undefined ? 0 : hiding.version.sequence, through };
    const headFiles = HeadFiles.of(head, files).touch(now);
    const entry = headFiles.find(key, commits);
    if (entry !== NOT_IN_MEMORY) return decide(entry, hiding, now);
    return headFiles.load(key, commits).then((loaded) => decide(loaded, hiding, now));
  }

  /** The live entry of `key`. */
  async get(key: Uint8Array): Promise<Entry | undefined> {
    return (await this.lookup(key)).entry;
  }

  /** A page of live entries. Fetches only blocks that the range touches, several at once as it goes on. */
  async scan(options: ScanOptions): Promise<ScanPage> {
    assert(options.limit >= 1, 'a page holds at least one entry');
    const { start, end, reverse = false, limit, limitBytes = SCAN_PAGE_BYTES } = options;
    const entries: Entry[] = [];
    if (start !== undefined && end !== undefined && compareKeys(start, end) >= 0) return { entries, more: false };
    let bytes = 0;
    const merge = new KeyMerge(this.cursors({ start, end }, reverse), {
      reverse,
      throughSequence: this.version.sequence,
    });
    const started = merge.start();
    if (started !== undefined) await started;
    for (;;) {
      const pending = merge.next();
      if (pending !== undefined) await pending;
      const { newest } = merge;
      if (newest === undefined) return { entries, more: false };
      if (!isLive(newest, this.now) || this.isHidden(newest)) continue;
      if (entries.length === limit || bytes >= limitBytes) return { entries, more: true };
      entries.push(newest);
      bytes += newest.key.byteLength + newest.value.byteLength;
    }
  }

  /**
   * Whether anything in the range is other than at the version of sequence `since`: a commit that put or deleted there, or a put of then that
   * has expired. Undefined when nothing is. Reads only what can have changed.
   * @throws HistoryGoneError when that version is too old to tell (C1)
   */
  firstChange(range: KeyRange, since: number): Promise<RangeChange | undefined> {
    const { memtables, head, files } = this.parts;
    return firstChangeOf(range, since, {
      memtables,
      head,
      files,
      now: this.now,
      through: this.version.sequence,
      lookup: (key) => this.lookup(key),
    });
  }

  private isHidden({ key, version }: Entry): boolean {
    if (!this.hasRangeDeletes) return false;
    const hiding = this.hiding(key);
    return hiding !== undefined && version.sequence < hiding.version.sequence;
  }

  /** The newest range delete over the key. */
  private hiding(key: Uint8Array): RangeDelete | undefined {
    const { memtables, head } = this.parts;
    const through = this.version.sequence;
    let newest: RangeDelete | undefined;
    const consider = (list: readonly RangeDelete[]): void => {
      if (list.length === 0) return;
      const found = RangeDeleteIndex.of(list).covering(key, through);
      if (found !== undefined && (newest === undefined || found.version.sequence > newest.version.sequence))
        newest = found;
    };
    for (const memtable of memtables) consider(memtable.rangeDeletes);
    if (head !== undefined) consider(head.rangeDeletes);
    return newest;
  }

  private cursors(range: KeyRange, reverse: boolean): Cursor[] {
    const { memtables, head, files } = this.parts;
    const cursors: Cursor[] = memtables.map((memtable) => new MemoryCursor(memtable.entries(range, reverse)));
    if (head === undefined) return cursors;
    if (head.inline.length > 0) cursors.push(new MemoryCursor(inlineEntries(head.inline, range, reverse)));
    if (head.l0.length > 0 || head.l1.length > 0 || head.history.length > 0)
      cursors.push(
        ...HeadFiles.of(head, files)
          .touch(this.now)
          .cursors(range, reverse, { from: 0, through: this.version.sequence }),
      );
    return cursors;
  }
}

function decide(entry: Entry | undefined, hiding: RangeDelete | undefined, now: number): Lookup {
  if (hiding !== undefined && (entry === undefined || entry.version.sequence < hiding.version.sequence))
    return { entry: undefined, version: hiding.version };
  if (entry === undefined) return NEVER_WRITTEN;
  return { entry: isLive(entry, now) ? entry : undefined, version: entry.version };
}
