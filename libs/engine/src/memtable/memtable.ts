import type { Version } from '@leasehold/foundation';
import { assert, VERSION_ZERO } from '@leasehold/foundation';

import type { Commit, Entry, IdempotencyRecord, KeyRange, RangeDelete, UsageCounters } from '../entry.js';
import { NO_USAGE } from '../entry.js';
import { encodeCommits } from '../format/commit.js';
import { LoneCommit } from './lone-commit.js';
import { MemoryPieces } from './memory-pieces.js';
import { ownKey } from './own-bytes.js';
import { ownCommit } from './own-commit.js';
import { SortedEntries } from './sorted-entries.js';

/**
 * What an entry costs in memory beside its bytes: the object, its version, two typed-array headers and the slots that hold it. An estimate
 * from above, measured.
 */
const ENTRY_OVERHEAD_BYTES = 300;

/** The same for a commit: the object, its counters, its list of entries. */
const COMMIT_OVERHEAD_BYTES = 200;

const NO_COMMITS: Commit[] = [];
const NO_RANGE_DELETES: readonly RangeDelete[] = [];
const NO_RECORDS: IdempotencyRecord[] = [];

/**
 * The commits of a database that are in no file yet, in memory: by key for reads, by sequence for feeds.
 *
 * It keeps every version that it was given until it is flushed, so that a view taken at one commit answers from that commit
 * however much is written while it reads. Putting a commit again (a replayed log) changes nothing.
 *
 * An empty one costs some 200 bytes and one with a single small commit under 1 KiB, because most databases of a worker are idle.
 */
export class Memtable {
  private readonly sorted = new SortedEntries();
  /** By ascending sequence. These three are shared constants while they are empty. */
  private list = NO_COMMITS;
  private deletedRanges = NO_RANGE_DELETES;
  private records = NO_RECORDS;
  private bytes = 0;
  private frozen = false;
  /** None while it holds little. */
  private pieces: MemoryPieces | undefined;

  /**
   * The commit as the log has it: {@link put} is to be given it next, or else {@link giveBack}. One of a single entry may share memory with
   * others of this memtable. What is kept of any other is copied, and its neighbours would keep the rest when the log has let it go.
   */
  encode(commit: Commit): Uint8Array {
    if (commit.entries.length !== 1) return encodeCommits([commit]);
    return encodeCommits([commit], (sizeBytes) => (this.pieces ??= new MemoryPieces()).take(sizeBytes, this.bytes));
  }

  /** Nobody has taken what {@link encode} has made last. */
  giveBack(encoded: Uint8Array): void {
    this.pieces?.giveBack(encoded);
  }

  /**
   * Adds a commit; a repeated one replaces itself. The entries' arrays are kept or copied; they may not be changed.
   * @param encoded what `encodeCommits` has made of it alone, to be shared
   */
  put(commit: Commit, encoded?: Uint8Array): void {
    assert(!this.frozen, 'a frozen memtable takes no commits');
    const own = ownCommit(commit, encoded);
    const at = this.firstAtOrAfter(own.version.sequence);
    const replaces = this.list[at]?.version.sequence === own.version.sequence;
    if (own instanceof LoneCommit) {
      this.bytes += weight(own);
      // It was made here, and is nobody else's yet: its key may be another one that is equal.
      const present = this.sorted.insertOne(own, ownKey);
      if (present !== undefined) this.bytes -= weight(present);
    } else {
      for (const entry of own.entries) this.bytes += weight(entry);
      this.sorted.insertAll(own.entries, (present) => (this.bytes -= weight(present)));
    }
    if (replaces) {
      // What it brought beside entries is known already: a repeated commit is the same commit.
      this.list[at] = own;
      return;
    }
    if (this.list.length === 0) this.list = [own];
    else if (at === this.list.length) this.list.push(own);
    else this.list.splice(at, 0, own);
    this.bytes += COMMIT_OVERHEAD_BYTES;
    if (own.rangeDeletes.length > 0) {
      this.deletedRanges = inOrder([...this.deletedRanges, ...own.rangeDeletes]);
      for (const { start, end } of own.rangeDeletes)
        this.bytes += ENTRY_OVERHEAD_BYTES + start.byteLength + (end?.byteLength ?? 0);
    }
    if (own.idempotency !== undefined) {
      if (this.records.length === 0) this.records = [own.idempotency];
      else this.records.push(own.idempotency);
      if (at < this.list.length - 1) inOrder(this.records);
      this.bytes += ENTRY_OVERHEAD_BYTES + own.idempotency.key.byteLength;
    }
  }

  /** From here on immutable: what is being flushed must not change under the flush. */
  freeze(): this {
    this.frozen = true;
    return this;
  }

  get isFrozen(): boolean {
    return this.frozen;
  }

  /** True when no commit was put, also not one without entries. */
  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /** All versions, tombstones included. */
  get size(): number {
    return this.sorted.size;
  }

  /** Estimated memory: keys, values and bookkeeping. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** Of the last commit put; {@link VERSION_ZERO} while empty. */
  get lastVersion(): Version {
    return this.last?.version ?? VERSION_ZERO;
  }

  /** Wall ms of the last commit; 0 while empty. */
  get lastCommittedAt(): number {
    return this.last?.committedAt ?? 0;
  }

  /** Of the last commit, cumulative; nothing while empty. */
  get usage(): UsageCounters {
    return this.last?.usage ?? NO_USAGE;
  }

  /** By ascending version. Replaced by the next commit that has one, never changed: a view may keep it. */
  get rangeDeletes(): readonly RangeDelete[] {
    return this.deletedRanges;
  }

  /** By ascending version; grows with the next commit that has one. */
  get idempotency(): readonly IdempotencyRecord[] {
    return this.records;
  }

  /** With sequences above `since`, ascending: the first `most` of them. A copy. */
  commits(since: number, most = Number.MAX_SAFE_INTEGER): readonly Commit[] {
    const from = this.firstAtOrAfter(since + 1);
    return this.list.slice(from, from + most);
  }

  /** The newest entry of `key`, tombstones included, among commits up to `throughSequence`. Range deletes and expiry are the caller's. */
  get(key: Uint8Array, throughSequence = Number.MAX_SAFE_INTEGER): Entry | undefined {
    return this.sorted.get(key, throughSequence);
  }

  /**
   * All versions in the range, by (key, version descending), or exactly backwards. Insertions during the iteration are
   * safe; whether it meets them is not defined, so readers skip what is newer than their view.
   */
  entries(range: KeyRange = {}, reverse = false): IterableIterator<Entry> {
    return this.sorted.iterate(range, reverse);
  }

  private get last(): Commit | undefined {
    return this.list[this.list.length - 1];
  }

  /** Place in the list; almost always its end. */
  private firstAtOrAfter(sequence: number): number {
    let low = 0;
    let high = this.list.length;
    if (this.lastVersion.sequence < sequence) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.list[middle] as Commit).version.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function inOrder<T extends { readonly version: Version }>(items: T[]): readonly T[] {
  return items.sort((a, b) => a.version.sequence - b.version.sequence);
}

function weight(entry: Entry): number {
  const valueBytes = entry instanceof LoneCommit ? entry.valueBytes : entry.value.byteLength;
  return entry.key.byteLength + valueBytes + ENTRY_OVERHEAD_BYTES;
}
