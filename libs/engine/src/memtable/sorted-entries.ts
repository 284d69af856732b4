import type { Entry, KeyRange } from '../entry.js';
import { compareEntries, compareKeys } from '../entry.js';
import { NewestIndex } from './newest-index.js';

/** A chunk splits in two at this many entries: inserting moves at most so many slots, and 100,000 entries are some 800 chunks. */
const CHUNK_ENTRIES = 256;

/** From here on a batch is sorted first: neighbours then find their places from each other. */
const SORTED_BATCH_ENTRIES = 8;

/** Below, a search stays within the processor's cache and is as fast as a hash. */
const INDEXED_ENTRIES = 1_024;

const NO_CHUNKS: Entry[][] = [];

/**
 * Entries ordered by (key, version descending), in memory, in chunks: two binary searches find a place, and one short move makes room.
 * A tree or skip list would spend a pointer-heavy node per entry, and a database with one entry should cost little more than that entry.
 */
export class SortedEntries {
  /** No chunk is empty. Shared while there is none. */
  private chunks = NO_CHUNKS;
  private count = 0;
  private index: NewestIndex | undefined;
  /** Grows with every insertion, so that an iterator knows when its place has moved. */
  private insertions = 0;

  get size(): number {
    return this.count;
  }

  /** Adds all of one commit; `replaced` hears of each that was there at the same version already. */
  insertAll(entries: readonly Entry[], replaced: (present: Entry) => void): void {
    const ordered = entries.length < SORTED_BATCH_ENTRIES ? entries : [...entries].sort(compareEntries);
    for (const entry of ordered) this.insert(entry, replaced);
    if (this.index !== undefined) for (const entry of entries) this.index.put(entry);
    else if (this.count >= INDEXED_ENTRIES) this.makeIndex();
  }

  /** The newest entry of `key` at or below the sequence. */
  get(key: Uint8Array, throughSequence: number): Entry | undefined {
    if (this.index?.isUsable === true) {
      const newest = this.index.get(key);
      if (newest === undefined || newest.version.sequence <= throughSequence) return newest;
    }
    const chunk = this.chunks[this.chunkOf(key, throughSequence)];
    if (chunk === undefined) return undefined;
    const entry = chunk[slotOf(chunk, key, throughSequence)] as Entry;
    return compareKeys(entry.key, key) === 0 ? entry : undefined;
  }

  /** In order, or exactly backwards. Insertions meanwhile are safe; whether they are met is not defined. */
  iterate(range: KeyRange, reverse: boolean): IterableIterator<Entry> {
    return new EntryIterator(this, range, reverse);
  }

  /** For the iterator: where the first entry at or after (key, sequence) is; past the end when there is none. */
  seek(key: Uint8Array, sequence: number): Place {
    const at = this.chunkOf(key, sequence);
    const chunk = this.chunks[at];
    return { chunk: at, slot: chunk === undefined ? 0 : slotOf(chunk, key, sequence) };
  }

  at(chunk: number, slot: number): Entry | undefined {
    return this.chunks[chunk]?.[slot];
  }

  lengthOf(chunk: number): number {
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
    for (const chunk of this.chunks) for (const entry of chunk) this.index.put(entry);
  }

  private insert(entry: Entry, replaced: (present: Entry) => void): void {
    const { sequence } = entry.version;
    const found = this.chunkOf(entry.key, sequence);
    const isAppend = found === this.chunks.length;
    if (isAppend && found === 0) {
      this.insertions++;
      this.count++;
      // Literals: an array that grows reserves room for 16 more.
      this.chunks = [[entry]];
      return;
    }
    const at = isAppend ? found - 1 : found;
    const chunk = this.chunks[at] as Entry[];
    const slot = isAppend ? chunk.length : slotOf(chunk, entry.key, sequence);
    const present = chunk[slot];
    if (present?.version.sequence === sequence && compareKeys(present.key, entry.key) === 0) {
      chunk[slot] = entry;
      replaced(present);
      return;
    }
    this.insertions++;
    this.count++;
    if (isAppend) chunk.push(entry);
    else chunk.splice(slot, 0, entry);
    if (chunk.length > CHUNK_ENTRIES) {
      // Keys that only grow are common (times, ULIDs): then keep the full chunk and start the next.
      this.chunks.splice(at + 1, 0, chunk.splice(isAppend ? CHUNK_ENTRIES : CHUNK_ENTRIES / 2));
    }
  }

  /** The first chunk whose last entry is not before (key, sequence). */
  private chunkOf(key: Uint8Array, sequence: number): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.chunks[middle] as Entry[];
      if (isBefore(chunk[chunk.length - 1] as Entry, key, sequence)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Place {
  readonly chunk: number;
  readonly slot: number;
}

/** Not a generator: those cost a resumption per entry, and scans are made of this. */
class EntryIterator implements IterableIterator<Entry> {
  private chunk = 0;
  private slot = 0;
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
    const entry = this.sorted.at(this.chunk, this.slot);
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
    else if (reverse) this.moveTo({ chunk: sorted.chunkCount, slot: 0 });
    if (reverse) this.step();
  }

  private moveTo({ chunk, slot }: Place): void {
    this.chunk = chunk;
    this.slot = slot;
  }

  private step(): void {
    if (!this.reverse) {
      if (++this.slot >= this.sorted.lengthOf(this.chunk)) {
        this.chunk++;
        this.slot = 0;
      }
    } else if (--this.slot < 0) {
      this.chunk--;
      this.slot = this.sorted.lengthOf(this.chunk) - 1;
    }
  }
}

/** The first slot of the chunk that is not before (key, sequence); its last entry is not. */
function slotOf(chunk: readonly Entry[], key: Uint8Array, sequence: number): number {
  let low = 0;
  let high = chunk.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(chunk[middle] as Entry, key, sequence)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(entry: Entry, key: Uint8Array, sequence: number): boolean {
  const order = compareKeys(entry.key, key);
  return order < 0 || (order === 0 && entry.version.sequence > sequence);
}
