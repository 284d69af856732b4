import type { DatabaseId } from '@leasehold/foundation';

import type { Entry, KeyRange } from '../entry.js';
import { compareKeys } from '../entry.js';
import type { Head } from '../format/head.js';
import { KeySearch } from '../format/key-search.js';
import type { KeyHash } from '../format/sst-filter.js';
import { hashKey } from '../format/sst-filter.js';
import type { SstRef } from '../format/sst-ref.js';
import { SCAN_FETCH } from '../sst/sst-cursor.js';
import type { SstSource } from '../sst/sst-reader.js';
import { NOT_IN_MEMORY, SstReader } from '../sst/sst-reader.js';
import type { Cursor } from './cursor.js';
import { ChainedCursor } from './cursor.js';

/** Which commits a read is about: those up to `through`, and of them only what is not below `from` (a range delete hides the rest). */
export interface CommitRange {
  readonly from: number;
  readonly through: number;
}

/** A database that nobody has read for so long is warm by chance. */
const IN_USE_MS = 60_000;

const known = new WeakMap<Head, HeadFiles>();

/** The files that a head names, ready to be searched: made once for each head, by the first read that does not find its answer in the head itself. */
export class HeadFiles {
  private readonly l0: readonly SstReader[];
  /** Old versions of keys that were inline once. */
  private readonly versions: readonly SstReader[];
  /** Each made when it is read first: a large database has a thousand. */
  private readonly l1: (SstReader | undefined)[] = [];
  private readonly l1MaxKeys: KeySearch;
  private readonly l1Refs: readonly SstRef[];
  private readonly databaseId: DatabaseId;
  /** Wall ms of the last read that came here. */
  private readAt = 0;
  /** The same contents in other files, which may be in memory still while these are on the way there. */
  private former: HeadFiles | undefined;

  private constructor(
    head: Head,
    private readonly source: SstSource,
  ) {
    this.databaseId = head.databaseId;
    this.l0 = head.l0.map((ref) => this.open(ref));
    this.versions = head.history.filter(({ role }) => role === 'versions').map(({ ref }) => this.open(ref));
    this.l1Refs = head.l1;
    // In order, or the head would not have been decoded.
    this.l1MaxKeys = KeySearch.of(head.l1.map(({ maxKey }) => maxKey)) as KeySearch;
  }

  static of(head: Head, source: SstSource): HeadFiles {
    let files = known.get(head);
    if (files === undefined || files.source.store !== source.store || files.source.cache !== source.cache) {
      files = new HeadFiles(head, { store: source.store, cache: source.cache });
      known.set(head, files);
    }
    return files;
  }

  /** Those of a head that was read lately; others are not worth a request. */
  static inUse(head: Head, source: SstSource, now: number): HeadFiles | undefined {
    const files = known.get(head);
    return files !== undefined && now - files.readAt < IN_USE_MS ? HeadFiles.of(head, source) : undefined;
  }

  /** A read comes at this time (wall ms). */
  touch(now: number): this {
    if (now > this.readAt) this.readAt = now;
    return this;
  }

  /** These files take the place of `before`. @param former with the same contents */
  follow(before: HeadFiles, former: HeadFiles | undefined): void {
    this.touch(before.readAt);
    this.former = former;
  }

  /** Nothing needs to stand in for these files any more. */
  arrived(): void {
    this.former = undefined;
  }

  /** The newest entry of `key` in any file, when all that it takes is in memory. @throws CorruptBytesError */
  find(key: Uint8Array, commits: CommitRange): Entry | undefined | typeof NOT_IN_MEMORY {
    const found = this.search(key, commits);
    return found === NOT_IN_MEMORY && this.former !== undefined ? this.former.search(key, commits) : found;
  }

  private search(key: Uint8Array, commits: CommitRange): Entry | undefined | typeof NOT_IN_MEMORY {
    const { through } = commits;
    // With one file to ask, its block tells as much as its filter.
    let hash: KeyHash | undefined;
    for (const reader of this.versions) if (mayHaveOldVersion(reader.ref, commits)) return NOT_IN_MEMORY;
    for (const reader of this.l0) {
      // Newest first: what one has, no older one can surpass.
      if (!mayHave(reader.ref, commits) || !reader.covers(key)) continue;
      hash ??= hashKey(key);
      const entry = reader.find(key, through, hash);
      if (entry !== undefined) return entry;
    }
    const reader = this.inL1(key);
    return reader !== undefined && mayHave(reader.ref, commits) ? reader.find(key, through, hash) : undefined;
  }

  /**
   * The same by at most two round trips: the maps of all files that may have the key, then one block of each whose filter says maybe (more
   * only where one key has more versions than fit into a block).
   */
  async load(key: Uint8Array, commits: CommitRange): Promise<Entry | undefined> {
    const readers = this.versions.filter(({ ref }) => mayHaveOldVersion(ref, commits));
    readers.push(...this.l0.filter(({ ref }) => mayHave(ref, commits)));
    const inL1 = this.inL1(key);
    if (inL1 !== undefined && mayHave(inL1.ref, commits)) readers.push(inL1);
    const covering = readers.filter((reader) => reader.covers(key));
    const hash = hashKey(key);
    const maybe = await Promise.all(covering.map((reader) => reader.mayContain(hash)));
    const found = await Promise.all(
      covering.filter((_, i) => maybe[i]).map((reader) => reader.get(key, commits.through)),
    );
    let newest: Entry | undefined;
    for (const entry of found) {
      if (entry !== undefined && (newest === undefined || entry.version.sequence > newest.version.sequence))
        newest = entry;
    }
    return newest;
  }

  /** Over the files that may hold something of these commits in the range, one for each L0 file and one for L1. */
  cursors(range: KeyRange, reverse: boolean, commits: CommitRange): Cursor[] {
    const open = (reader: SstReader): Cursor => reader.cursor(range, { reverse, ...SCAN_FETCH });
    const cursors = [
      ...this.versions.filter(({ ref }) => mayHaveOldVersion(ref, commits) && intersects(ref, range)).map(open),
      ...this.l0.filter(({ ref }) => mayHave(ref, commits) && intersects(ref, range)).map(open),
    ];
    const l1 = this.l1Places(range).filter((at) => mayHave(this.l1Refs[at] as SstRef, commits));
    if (reverse) l1.reverse();
    if (l1.length > 0) cursors.push(new ChainedCursor(l1.map((at) => () => open(this.l1At(at)))));
    return cursors;
  }

  /** Readers of L0 and L1 whose keys reach into the range. */
  readersIn(range: KeyRange): SstReader[] {
    return [...this.l0.filter(({ ref }) => intersects(ref, range)), ...this.l1Places(range).map((at) => this.l1At(at))];
  }

  /** A reader of one of the files. */
  readerOf(ref: SstRef): SstReader {
    return this.l0.find((reader) => reader.ref === ref) ?? this.open(ref);
  }

  private inL1(key: Uint8Array): SstReader | undefined {
    const at = this.l1MaxKeys.firstAtOrAfter(key);
    if (at === this.l1Refs.length) return undefined;
    const reader = this.l1At(at);
    return compareKeys(reader.ref.minKey, key) <= 0 ? reader : undefined;
  }

  private l1Places({ start, end }: KeyRange): number[] {
    const places: number[] = [];
    for (let at = start === undefined ? 0 : this.l1MaxKeys.firstAtOrAfter(start); at < this.l1Refs.length; at++) {
      if (end !== undefined && compareKeys((this.l1Refs[at] as SstRef).minKey, end) >= 0) break;
      places.push(at);
    }
    return places;
  }

  private l1At(at: number): SstReader {
    return (this.l1[at] ??= this.open(this.l1Refs[at] as SstRef));
  }

  private open(ref: SstRef): SstReader {
    return new SstReader(this.source, this.databaseId, ref);
  }
}

function mayHave(ref: SstRef, { from, through }: CommitRange): boolean {
  return ref.maxSequence >= from && ref.minSequence <= through;
}

/**
 * A file of old versions matters only to reads from before its last commit: whatever was the newest of its key then stayed inline, and is
 * there still, or in a later file.
 */
function mayHaveOldVersion(ref: SstRef, commits: CommitRange): boolean {
  return mayHave(ref, commits) && commits.through < ref.coversThrough;
}

function intersects(ref: SstRef, { start, end }: KeyRange): boolean {
  return (
    (start === undefined || compareKeys(ref.maxKey, start) >= 0) &&
    (end === undefined || compareKeys(ref.minKey, end) < 0)
  );
}
