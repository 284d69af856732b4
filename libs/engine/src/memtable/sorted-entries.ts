import type { Entry, KeyRange } from '../entry.js';
import { compareEntries, compareKeys } from '../entry.js';
import { NewestIndex } from './newest-index.js';

/** All of one key, by ascending sequence; alone in no array, because most keys have one version. */
type Versions = Entry | Entry[];

/** A chunk splits in two at this many keys: inserting moves at most so many slots, and 100,000 keys are some 800 chunks. */
const CHUNK_KEYS = 256;

/** From here on a batch is sorted first: neighbours then find their places from each other. */
const SORTED_BATCH_ENTRIES = 8;

/** Below, a search stays within the processor's cache and is as fast as a hash. */
const INDEXED_KEYS = 1_024;

const NO_CHUNKS: Versions[][] = [];
const NO_KEYS: Uint8Array[][] = [];

type KeyChoice = (key: Uint8Array, equal: Uint8Array | undefined) => Uint8Array;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Entries ordered by (key, version descending), in memory, in chunks: two binary searches find a place, and one short move makes room.
 * A tree or skip list would spend a pointer-heavy node per entry, and a database with one entry should cost little more than that entry.
 *
 * A key has one slot however often it was written: another version of it moves nothing, and searches look at keys alone.
 */
export class SortedEntries {
  /** No chunk is empty. Shared while there is none. */
  private chunks = NO_CHUNKS;
  /** Of each chunk, in the same order: searches go through keys alone, and of many memtables none is in the processor's cache. */
  private keys = NO_KEYS;
  private count = 0;
  private keyCount = 0;
  private index: NewestIndex | undefined;
  /** Grows with every insertion, so that an iterator knows when its place has moved. */
  private insertions = 0;
  /** The highest sequence there is. */
  private newest = 0;

  get size(): number {
    return this.count;
  }

  /** Adds all of one commit; `replaced` hears of each that was there at the same version already. */
  insertAll(entries: readonly Entry[], replaced: (present: Entry) => void): void {
    const ordered = entries.length < SORTED_BATCH_ENTRIES ? entries : [...entries].sort(compareEntries);
    for (const entry of ordered) {
      const present = this.insert(entry, undefined);
      if (present !== undefined) replaced(present);
    }
    if (this.index !== undefined) for (const entry of entries) this.index.put(entry);
    else if (this.keyCount >= INDEXED_KEYS) this.makeIndex();
  }

  /**
   * Adds the only one of a commit.
   * @param keyOf what it gets as its key, given its own and the equal one that is there, if any
   * @returns what was there at the same version already
   */
  insertOne(entry: Mutable<Entry>, keyOf: KeyChoice): Entry | undefined {
    const present = this.insert(entry, keyOf);
    if (this.index !== undefined) this.index.put(entry);
    else if (this.keyCount >= INDEXED_KEYS) this.makeIndex();
    return present;
  }

  /** The newest entry of `key` at or below the sequence. */
  get(key: Uint8Array, throughSequence: number): Entry | undefined {
    if (this.index?.isUsable === true) {
      const newest = this.index.get(key);
      if (newest === undefined || newest.version.sequence <= throughSequence) return newest;
    }
    const at = this.chunkFor(key);
    const keys = this.keys[at];
    const slot = keys === undefined ? -1 : placeOf(keys, key);
    if (slot < 0) return undefined;
    const versions = this.chunks[at]?.[slot] as Versions;
    return versionAt(versions, placeThrough(versions, throughSequence));
  }

  /** In order, or exactly backwards. Insertions meanwhile are safe; whether they are met is not defined. */
  iterate(range: KeyRange, reverse: boolean): IterableIterator<Entry> {
    return new EntryIterator(this, range, reverse);
  }

  /** For the iterator: where the first entry at or after (key, sequence) is; past the end when there is none. */
  seek(key: Uint8Array, sequence: number): Place {
    const at = this.chunkFor(key);
    const keys = this.keys[at];
    const slot = keys === undefined ? -1 : placeOf(keys, key);
    if (slot < 0) return this.newestAt(at, -1 - slot);
    const version = placeThrough(this.versionsAt(at, slot) as Versions, sequence);
    // Where all of the key is newer, the next one.
    return version < 0 ? this.newestAt(at, slot + 1) : { chunk: at, slot, version };
  }

  /** All of one key. */
  versionsAt(chunk: number, slot: number): Versions | undefined {
    return this.chunks[chunk]?.[slot];
  }

  keysOf(chunk: number): number {
    return this.chunks[chunk]?.length ?? 0;
  }

  get chunkCount(): number {
    return this.chunks.length;
  }

  get edits(): number {
    return this.insertions;
  }

  private makeIndex(): void {
    this.index = new NewestIndex();
    for (const chunk of this.chunks) {
      for (const versions of chunk) this.index.put(versionAt(versions, countOf(versions) - 1) as Entry);
    }
  }

  /** @returns what was there at the same version already */
  private insert(entry: Mutable<Entry>, choose: KeyChoice | undefined): Entry | undefined {
    const { sequence } = entry.version;
    const isNewest = sequence > this.newest;
    if (isNewest) this.newest = sequence;
    const at = this.chunkFor(entry.key);
    const chunk = this.chunks[at];
    const keys = this.keys[at];
    const place = keys === undefined ? -1 : placeOf(keys, entry.key);
    if (choose !== undefined) entry.key = choose(entry.key, place >= 0 ? keys?.[place] : undefined);
    if (chunk !== undefined && place >= 0) return this.addVersion(chunk, place, entry, isNewest);
    this.insertions++;
    this.count++;
    this.keyCount++;
    if (chunk === undefined || keys === undefined) {
      // Literals: an array that grows reserves room for 16 more.
      this.chunks = [[entry]];
      this.keys = [[entry.key]];
      return undefined;
    }
    const slot = -1 - place;
    const isAppend = at === this.chunks.length - 1 && slot === keys.length;
    if (isAppend) {
      chunk.push(entry);
      keys.push(entry.key);
    } else {
      chunk.splice(slot, 0, entry);
      keys.splice(slot, 0, entry.key);
    }
    if (chunk.length > CHUNK_KEYS) {
      // Keys that only grow are common (times, ULIDs): then keep the full chunk and start the next.
      const from = isAppend ? CHUNK_KEYS : CHUNK_KEYS / 2;
      this.chunks.splice(at + 1, 0, chunk.splice(from));
      this.keys.splice(at + 1, 0, keys.splice(from));
    }
    return undefined;
  }

  /** @param isNewest of all that is here: then no other version is looked at, which would be in no cache */
  private addVersion(chunk: Versions[], slot: number, entry: Entry, isNewest: boolean): Entry | undefined {
    const present = chunk[slot] as Versions;
    const before = isNewest ? countOf(present) - 1 : placeThrough(present, entry.version.sequence);
    const same = isNewest ? undefined : versionAt(present, before);
    if (same !== undefined && same.version.sequence === entry.version.sequence) {
      if (Array.isArray(present)) present[before] = entry;
      else chunk[slot] = entry;
      return same;
    }
    this.insertions++;
    this.count++;
    if (!Array.isArray(present)) chunk[slot] = before === 0 ? [present, entry] : [entry, present];
    else if (before === present.length - 1) present.push(entry);
    else present.splice(before + 1, 0, entry);
    return undefined;
  }

  /** The chunk in which a key is or would be: the first whose last key is not before it, or the last one. */
  private chunkFor(key: Uint8Array): number {
    let low = 0;
    let high = this.keys.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const keys = this.keys[middle] as Uint8Array[];
      if (compareKeys(keys[keys.length - 1] as Uint8Array, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The newest of a slot, which may be the one behind all of its chunk. */
  private newestAt(chunk: number, slot: number): Place {
    const place = slot < this.keysOf(chunk) ? { chunk, slot } : { chunk: chunk + 1, slot: 0 };
    return { ...place, version: countOf(this.versionsAt(place.chunk, place.slot)) - 1 };
  }
}

/** Where an entry is. */
interface Place {
  readonly chunk: number;
  readonly slot: number;
  /** Among those of its key, from the oldest. */
  readonly version: number;
}

/** Not a generator: those cost a resumption per entry, and scans are made of this. */
class EntryIterator implements IterableIterator<Entry> {
  private chunk = 0;
  private slot = 0;
  private version = 0;
  private last: Entry | undefined;
  /** Unlike any number of edits before the first step: places are looked up no earlier than they are used. */
  private edits = -1;
  private readonly reverse: boolean;

  constructor(
    private readonly sorted: SortedEntries,
    private readonly range: KeyRange,
    reverse: boolean,
  ) {
    this.reverse = reverse;
  }

  next(): IteratorResult<Entry, undefined> {
    if (this.edits !== this.sorted.edits) this.findPlace();
    const versions = this.sorted.versionsAt(this.chunk, this.slot);
    const entry = versions === undefined ? undefined : versionAt(versions, this.version);
    if (entry === undefined || this.isBeyond(entry)) return { done: true, value: undefined };
    this.last = entry;
    this.step();
    return { done: false, value: entry };
  }

  [Symbol.iterator](): this {
    return this;
  }

  private isBeyond({ key }: Entry): boolean {
    const { start, end } = this.range;
    return this.reverse
      ? start !== undefined && compareKeys(key, start) < 0
      : end !== undefined && compareKeys(key, end) >= 0;
  }

  private findPlace(): void {
    const { sorted, last, reverse } = this;
    this.edits = sorted.edits;
    if (last !== undefined) {
      this.moveTo(sorted.seek(last.key, last.version.sequence));
      this.step();
      return;
    }
    const from = reverse ? this.range.end : this.range.start;
    // The greatest number lies before every version of a key.
    if (from !== undefined) this.moveTo(sorted.seek(from, Number.MAX_SAFE_INTEGER));
    else if (reverse) this.moveTo({ chunk: sorted.chunkCount, slot: 0, version: 0 });
    else this.moveTo({ chunk: 0, slot: 0, version: countOf(sorted.versionsAt(0, 0)) - 1 });
    if (reverse) this.step();
  }

  private moveTo({ chunk, slot, version }: Place): void {
    this.chunk = chunk;
    this.slot = slot;
    this.version = version;
  }

  private step(): void {
    const { sorted } = this;
    if (!this.reverse) {
      if (--this.version >= 0) return;
      if (++this.slot >= sorted.keysOf(this.chunk)) {
        this.chunk++;
        this.slot = 0;
      }
      this.version = countOf(sorted.versionsAt(this.chunk, this.slot)) - 1;
      return;
    }
    if (++this.version < countOf(sorted.versionsAt(this.chunk, this.slot))) return;
    this.version = 0;
    if (--this.slot < 0) {
      this.chunk--;
      this.slot = sorted.keysOf(this.chunk) - 1;
    }
  }
}

/** The slot of a key; where it has none, the one that it would have, as −1 − slot. */
function placeOf(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(keys[middle] as Uint8Array, key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1 - low;
}

function countOf(versions: Versions | undefined): number {
  if (versions === undefined) return 0;
  return Array.isArray(versions) ? versions.length : 1;
}

function versionAt(versions: Versions, place: number): Entry | undefined {
  if (Array.isArray(versions)) return versions[place];
  return place === 0 ? versions : undefined;
}

/** Of the newest at or below the sequence; -1: there is none. */
function placeThrough(versions: Versions, sequence: number): number {
  if (!Array.isArray(versions)) return versions.version.sequence <= sequence ? 0 : -1;
  let high = versions.length;
  // Almost always the newest.
  if ((versions[high - 1] as Entry).version.sequence <= sequence) return high - 1;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle] as Entry).version.sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
