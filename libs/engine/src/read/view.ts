import type { Version } from '@leasehold/foundation';
import { assert, compareBytes, VERSION_ZERO } from '@leasehold/foundation';

import type { Entry, KeyRange } from '../entry.js';
import { deleteEntry } from '../entry.js';
import type { Head } from '../format/head.js';
import { hashKey } from '../format/sst-filter.js';
import type { SstRef } from '../format/sst-ref.js';
import type { Memtable } from '../memtable/memtable.js';
import { SCAN_FETCH } from '../sst/sst-cursor.js';
import type { SstSource } from '../sst/sst-reader.js';
import { SstReader } from '../sst/sst-reader.js';
import type { Cursor } from './cursor.js';
import { ChainedCursor, MemoryCursor } from './cursor.js';
import { inlineEntries, inlineGet } from './inline-run.js';
import { mergeByKey } from './merge.js';

export interface ViewParts {
  /** Newest first; commits that are in the head as well do no harm. */
  readonly memtables: readonly Memtable[];
  /** Undefined: a database without a head, which reads as empty. */
  readonly head: Head | undefined;
  readonly files: SstSource;
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

/**
 * One version of a database, as of the last commit that its parts held when it was made: later commits to the same
 * memtables are invisible. Memtables lie over the inline run, that over L0, that over L1; the highest version of a key wins.
 *
 * Cheap to make; make one per request. Reads may throw MissingFileError: read the head again and make a new view (G2).
 */
export class View {
  /** {@link VERSION_ZERO} for an empty database. */
  readonly version: Version;

  constructor(private readonly parts: ViewParts) {
    let version = parts.head?.lastCommit ?? VERSION_ZERO;
    for (const { lastVersion } of parts.memtables) if (lastVersion.sequence > version.sequence) version = lastVersion;
    this.version = version;
  }

  /**
   * The newest entry of `key`; a tombstone or undefined when the key is not there. Costs nothing while memtables or inline run hold the key;
   * else at most two round trips: the tails of all files whose range covers it, then one block of each whose filter says maybe.
   */
  async get(key: Uint8Array): Promise<Entry | undefined> {
    const inMemory = this.getInMemory(key);
    if (inMemory !== undefined) return inMemory;
    const readers = this.readersCovering(key);
    if (readers.length === 0) return undefined;
    const hash = hashKey(key);
    const maybe = await Promise.all(readers.map((reader) => reader.mayContain(hash)));
    const found = await Promise.all(readers.filter((_, i) => maybe[i]).map((reader) => reader.get(key)));
    let newest: Entry | undefined;
    for (const entry of found) {
      if (entry !== undefined && (newest === undefined || entry.version.sequence > newest.version.sequence))
        newest = entry;
    }
    return newest;
  }

  /**
   * What is known of `key` without any request: its newest entry; a tombstone of version zero when the database certainly has none; undefined
   * when the files have to be asked.
   */
  peek(key: Uint8Array): Entry | undefined {
    const entry = this.getInMemory(key);
    if (entry !== undefined) return entry;
    return this.readersCovering(key).length === 0 ? deleteEntry(key, VERSION_ZERO) : undefined;
  }

  /** A page of live entries. Fetches only blocks that the range touches, several at once as it goes on. */
  async scan(options: ScanOptions): Promise<ScanPage> {
    assert(options.limit >= 1, 'a page holds at least one entry');
    const { start, end, reverse = false, limit, limitBytes = SCAN_PAGE_BYTES } = options;
    const entries: Entry[] = [];
    if (start !== undefined && end !== undefined && compareBytes(start, end) >= 0) return { entries, more: false };
    let bytes = 0;
    const merged = mergeByKey(this.cursors({ start, end }, reverse), {
      reverse,
      throughSequence: this.version.sequence,
    });
    for await (const { newest } of merged) {
      if (newest.kind === 'delete') continue;
      if (entries.length === limit || bytes >= limitBytes) return { entries, more: true };
      entries.push(newest);
      bytes += newest.key.byteLength + newest.value.byteLength;
    }
    return { entries, more: false };
  }

  private getInMemory(key: Uint8Array): Entry | undefined {
    for (const memtable of this.parts.memtables) {
      const entry = memtable.get(key, this.version.sequence);
      if (entry !== undefined) return entry;
    }
    return this.parts.head && inlineGet(this.parts.head.inline, key);
  }

  private readersCovering(key: Uint8Array): SstReader[] {
    const { head } = this.parts;
    if (head === undefined) return [];
    const l1 = fileOfRunCovering(head.l1, key);
    return [...head.l0, ...(l1 === undefined ? [] : [l1])]
      .map((ref) => new SstReader(this.parts.files, head.databaseId, ref))
      .filter((reader) => reader.covers(key));
  }

  private cursors(range: KeyRange, reverse: boolean): Cursor[] {
    const { memtables, head, files } = this.parts;
    const cursors: Cursor[] = memtables.map((memtable) => new MemoryCursor(memtable.entries(range, reverse)));
    if (head === undefined) return cursors;
    const open = (ref: SstRef): Cursor =>
      new SstReader(files, head.databaseId, ref).cursor(range, { reverse, ...SCAN_FETCH });
    cursors.push(new MemoryCursor(inlineEntries(head.inline, range, reverse)));
    for (const ref of head.l0) if (intersects(ref, range)) cursors.push(open(ref));
    const l1 = head.l1.filter((ref) => intersects(ref, range));
    if (reverse) l1.reverse();
    cursors.push(new ChainedCursor(l1.map((ref) => () => open(ref))));
    return cursors;
  }
}

function intersects(ref: SstRef, { start, end }: KeyRange): boolean {
  return (
    (start === undefined || compareBytes(ref.maxKey, start) >= 0) &&
    (end === undefined || compareBytes(ref.minKey, end) < 0)
  );
}

/** L1 is disjoint and in order: at most one of its files can hold the key. */
function fileOfRunCovering(run: readonly SstRef[], key: Uint8Array): SstRef | undefined {
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((run[middle] as SstRef).maxKey, key) < 0) low = middle + 1;
    else high = middle;
  }
  return run[low];
}
