import type { Version } from '@leasehold/foundation';
import { assert, compareBytes, VERSION_ZERO } from '@leasehold/foundation';

import type { Commit, Entry, KeyRange } from '../entry.js';

/** What an entry costs in memory beside its bytes: the objects, two typed-array headers and an array slot. An estimate from above. */
const ENTRY_OVERHEAD_BYTES = 300;

/** A chunk splits in two at this many entries: inserting moves at most so many slots, and 100,000 entries are some 400 chunks. */
const CHUNK_ENTRIES = 512;

/**
 * The commits of a database that are in no file yet, in memory, ordered by (key, version descending).
 *
 * It keeps every version that it was given until it is flushed, so that a view taken at one commit answers from that commit
 * however much is written while it reads. Putting a commit again (a replayed log) changes nothing.
 */
export class Memtable {
  /** Never empty inside; two levels of binary search find an entry. */
  private readonly chunks: Entry[][] = [];
  private entryCount = 0;
  private bytes = 0;
  private last: Version = VERSION_ZERO;
  private frozen = false;
  /** Grows with every insertion, so that an iterator knows when its place has moved. */
  private insertions = 0;

  /** Adds a commit; a repeated one replaces itself. The entries' arrays are kept, not copied. */
  put(commit: Commit): void {
    assert(!this.frozen, 'a frozen memtable takes no commits');
    for (const entry of commit.entries) this.insert(entry);
    if (commit.version.sequence >= this.last.sequence) this.last = commit.version;
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
    return this.last.sequence === 0;
  }

  /** All versions, tombstones included. */
  get size(): number {
    return this.entryCount;
  }

  /** Estimated memory: keys, values and bookkeeping. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** Of the last commit put; {@link VERSION_ZERO} while empty. */
  get lastVersion(): Version {
    return this.last;
  }

  /** The newest entry of `key`, tombstones included, among commits up to `throughSequence`. */
  get(key: Uint8Array, throughSequence = Number.MAX_SAFE_INTEGER): Entry | undefined {
    const place = this.seek(key, throughSequence);
    const entry = this.chunks[place.chunk]?.[place.slot];
    return entry !== undefined && compareBytes(entry.key, key) === 0 ? entry : undefined;
  }

  /**
   * All versions in the range, by (key, version descending), or exactly backwards. Insertions during the iteration are
   * safe; whether it meets them is not defined, so readers skip what is newer than their view.
   */
  *entries(range: KeyRange = {}, reverse = false): Generator<Entry, void, undefined> {
    // Sequence 0 lies after every version of a key, the greatest number before all of them.
    let place =
      !reverse && range.start !== undefined
        ? this.seek(range.start, Number.MAX_SAFE_INTEGER)
        : reverse && range.end !== undefined
          ? this.stepBack(this.seek(range.end, Number.MAX_SAFE_INTEGER))
          : reverse
            ? this.stepBack({ chunk: this.chunks.length, slot: 0 })
            : { chunk: 0, slot: 0 };
    for (;;) {
      const entry = this.chunks[place.chunk]?.[place.slot];
      if (entry === undefined) return;
      if (!reverse && range.end !== undefined && compareBytes(entry.key, range.end) >= 0) return;
      if (reverse && range.start !== undefined && compareBytes(entry.key, range.start) < 0) return;
      const before = this.insertions;
      yield entry;
      if (this.insertions !== before) place = this.seek(entry.key, entry.version.sequence);
      place = reverse ? this.stepBack(place) : this.stepOn(place);
    }
  }

  private insert(entry: Entry): void {
    const { chunk: at, slot } = this.seek(entry.key, entry.version.sequence);
    const present = this.chunks[at]?.[slot];
    if (present?.version.sequence === entry.version.sequence && compareBytes(present.key, entry.key) === 0) {
      (this.chunks[at] as Entry[])[slot] = entry;
      this.bytes += weight(entry) - weight(present);
      return;
    }
    this.insertions++;
    this.entryCount++;
    this.bytes += weight(entry);
    // Past the end of the last chunk: append to it rather than to begin a chunk of one.
    const append = at === this.chunks.length && at > 0;
    const target = append ? at - 1 : at;
    const chunk = this.chunks[target];
    if (chunk === undefined) {
      this.chunks.push([entry]);
      return;
    }
    chunk.splice(append ? chunk.length : slot, 0, entry);
    if (chunk.length > CHUNK_ENTRIES) {
      // Keys that only grow are common (times, ULIDs): then keep the full chunk and start the next.
      const cut = append ? CHUNK_ENTRIES : CHUNK_ENTRIES / 2;
      this.chunks.splice(target + 1, 0, chunk.splice(cut));
    }
  }

  /** The first place at or after (key, sequence) in the order; past the last chunk when there is none. */
  private seek(key: Uint8Array, sequence: number): Place {
    const chunk = lowerBound(this.chunks.length, (i) => {
      const entries = this.chunks[i] as Entry[];
      return isBefore(entries[entries.length - 1] as Entry, key, sequence);
    });
    const entries = this.chunks[chunk];
    if (entries === undefined) return { chunk, slot: 0 };
    return { chunk, slot: lowerBound(entries.length, (i) => isBefore(entries[i] as Entry, key, sequence)) };
  }

  private stepOn({ chunk, slot }: Place): Place {
    return slot + 1 < (this.chunks[chunk]?.length ?? 0) ? { chunk, slot: slot + 1 } : { chunk: chunk + 1, slot: 0 };
  }

  private stepBack({ chunk, slot }: Place): Place {
    if (slot > 0) return { chunk, slot: slot - 1 };
    return { chunk: chunk - 1, slot: (this.chunks[chunk - 1]?.length ?? 0) - 1 };
  }
}

interface Place {
  readonly chunk: number;
  readonly slot: number;
}

function isBefore(entry: Entry, key: Uint8Array, sequence: number): boolean {
  const order = compareBytes(entry.key, key);
  return order < 0 || (order === 0 && entry.version.sequence > sequence);
}

/** The first index in [0, length) for which `isBefore` is false, else `length`. */
function lowerBound(length: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function weight(entry: Entry): number {
  return entry.key.byteLength + entry.value.byteLength + ENTRY_OVERHEAD_BYTES;
}
