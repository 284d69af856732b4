import { assert } from '@leasehold/foundation';

/** Where a record lies. */
export interface Location {
  /** Of the slab; grows by one with each slab that is begun, so that it also tells age. */
  readonly sequence: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** 64 bits of a name. */
export interface NameHash {
  readonly high: number;
  readonly low: number;
}

/** Slots in which one name may stand. At half load one in fifty names finds them all taken. */
const WAYS = 8;
/** hash high, hash low, sequence (0: never used), offset, size. */
const WORDS = 5;

/**
 * Name → location in a fixed piece of memory: 20 bytes per slot, allocated once. A name may stand in one of eight slots;
 * when all are taken the oldest record of the eight is forgotten, which costs a miss and nothing else. Slots of slabs that
 * have been given up are not cleared but recognised by their sequence.
 */
export class SlotTable {
  private readonly words: Uint32Array;
  private readonly sets: number;

  /** Holds at least `slots` slots. */
  constructor(slots: number) {
    this.sets = Math.max(1, Math.ceil(slots / WAYS));
    this.words = new Uint32Array(this.sets * WAYS * WORDS);
  }

  get sizeBytes(): number {
    return this.words.byteLength;
  }

  /** The location, unless its slab is older than `oldestSequence`. */
  get(hash: NameHash, oldestSequence: number): Location | undefined {
    const at = this.find(hash);
    if (at === undefined) return undefined;
    const sequence = this.word(at + 2);
    if (sequence < oldestSequence) return undefined;
    return { sequence, offset: this.word(at + 3), sizeBytes: this.word(at + 4) };
  }

  set(hash: NameHash, { sequence, offset, sizeBytes }: Location): void {
    assert(sequence > 0, 'a slab has a number from 1 on');
    const at = this.find(hash) ?? this.oldestOf(hash);
    this.words.set([hash.high, hash.low, sequence, offset, sizeBytes], at);
  }

  delete(hash: NameHash): void {
    const at = this.find(hash);
    if (at !== undefined) this.words.fill(0, at, at + WORDS);
  }

  private find(hash: NameHash): number | undefined {
    const first = this.firstOf(hash);
    for (let at = first; at < first + WAYS * WORDS; at += WORDS) {
      if (this.word(at) === hash.high && this.word(at + 1) === hash.low && this.word(at + 2) > 0) return at;
    }
    return undefined;
  }

  private oldestOf(hash: NameHash): number {
    let oldest = this.firstOf(hash);
    for (let at = oldest + WORDS, i = 1; i < WAYS; i++, at += WORDS) {
      if (this.word(at + 2) < this.word(oldest + 2)) oldest = at;
    }
    return oldest;
  }

  private firstOf({ low }: NameHash): number {
    return (low % this.sets) * WAYS * WORDS;
  }

  private word(at: number): number {
    return this.words[at] as number;
  }
}
